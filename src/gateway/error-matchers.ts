import { GatewayError } from "../core/error.ts"
import type { Logger } from "../core/log.ts"
import type { ErrorMatcher, ProviderSettings } from "../core/settings.ts"
import { redact } from "../telemetry/redact.ts"

/** Bytes of an answer in which matchers look, and characters of it that an error quotes. */
const LOOKED_AT = 4096
const QUOTED = 200

/** The beginning of a successful answer, in which its provider's matchers find errors. */
export interface Beginning {
  /** Takes bytes as they come; those beyond the first kilobytes are not looked at. */
  take(bytes: Uint8Array): void
  /** @param last bytes to take before. @throws GatewayError `upstream-error` when a matcher finds one */
  check(last?: Uint8Array): void
}

/**
 * @param secrets what must not be quoted
 * @returns undefined for a provider without matchers
 */
export function beginningOf(
  { name, errorMatchers }: Pick<ProviderSettings, "name" | "errorMatchers">,
  logger: Logger,
  secrets: () => readonly string[],
): Beginning | undefined {
  if (errorMatchers.length === 0) return undefined
  const parts: Uint8Array[] = []
  let room = LOOKED_AT

  function take(bytes: Uint8Array): void {
    if (room === 0) return
    const part = bytes.subarray(0, room)
    parts.push(part)
    room -= part.length
  }

  return {
    take,
    check(last) {
      if (last) take(last)
      const text = withoutAny(secrets(), new TextDecoder().decode(Buffer.concat(parts)))
      for (const matcher of errorMatchers) {
        const at = placeOf(matcher, text, (cause) =>
          logger.warn("an error matcher failed", { provider: name, error: String(cause) }),
        )
        if (at < 0) continue
        const quote = text.slice(at, at + QUOTED)
        throw new GatewayError("upstream-error", `The upstream's answer is an error: ${quote}`, {
          code: "upstream_error_matched",
        })
      }
    },
  }
}

function withoutAny(secrets: readonly string[], text: string): string {
  return redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text))
}

/** Where an error begins; -1 is nowhere. */
function placeOf(matcher: ErrorMatcher, text: string, failed: (cause: unknown) => void): number {
  // `search` does not mind what a pattern with `g` remembers.
  if (matcher instanceof RegExp) return text.search(matcher)
  try {
    return matcher(text) === true ? 0 : -1
  } catch (cause) {
    failed(cause)
    return -1
  }
}
