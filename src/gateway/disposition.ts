import { type Disposition, GatewayError } from "../core/error.ts"
import type { ErrorRule, ProviderSettings } from "../core/settings.ts"
import { OURS } from "./explain.ts"

/** Bytes of an error's body in which rules look. */
const LOOKED_AT = 64 * 1024

/** An upstream's error answer as it came. */
export interface RawAnswer {
  status: number
  body: Uint8Array
}

/**
 * The same error with the consequences that its provider's rules give it: those of the first rule whose
 * every condition holds. An error that was disposed of keeps what it got.
 *
 * @param phase whether the caller has something of the answer already
 * @param answer what the upstream said, where the error is its answer
 */
export function dispose(
  error: GatewayError,
  provider: Pick<ProviderSettings, "errors">,
  phase: "before" | "after",
  answer?: RawAnswer,
): GatewayError {
  if (provider.errors.length === 0 || error.detail.rule || OURS.has(error.kind)) return error
  // What we cannot say to it is not its error.
  if (error.kind === "unsupported" && !answer) return error
  const status = answer?.status ?? error.detail.status
  const text = answer && new TextDecoder().decode(answer.body.subarray(0, LOOKED_AT))
  const fits = (rule: ErrorRule) =>
    (rule.status.length === 0 || (status !== undefined && rule.status.includes(status))) &&
    (rule.phase === undefined || rule.phase === phase) &&
    (rule.body === undefined || found(rule.body, text) || found(rule.body, error.message))
  const rule = provider.errors.find(fits)
  if (!rule) return error
  return new GatewayError(error.kind, error.message, {
    ...error.detail,
    rule: consequencesOf(rule, error.rule),
  })
}

/** `search` does not mind what a pattern with `g` remembers. */
function found(pattern: RegExp, text: string | undefined): boolean {
  return text !== undefined && text.search(pattern) >= 0
}

function consequencesOf(rule: ErrorRule, usual: Disposition): Partial<Disposition> {
  const { then, breaker, cooldown } = rule
  return {
    ...(then && { next: then }),
    ...(breaker !== undefined && { breaker }),
    ...(cooldown === 0 && { cooldown: null }),
    ...(cooldown && { cooldown: usual.cooldown ?? "server", cooldownMs: cooldown }),
  }
}
