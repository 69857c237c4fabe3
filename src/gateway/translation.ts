import { tokenCount } from "../canonical/tokens.ts"
import type { CanonicalEvent, CanonicalUsage } from "../core/canonical.ts"
import { GatewayError } from "../core/error.ts"
import type { StreamDecoder, StreamEncoder, StreamPhase, StreamRelay } from "../core/protocol.ts"
import type { Usage } from "../core/usage.ts"

/**
 * A stream of one protocol as a stream of another: what comes in is decoded, what goes out encoded.
 *
 * @param watch told of every event
 */
export function createTranslation(
  decoder: StreamDecoder,
  encoder: StreamEncoder,
  watch?: (event: CanonicalEvent) => void,
): StreamRelay {
  let phase: StreamPhase = "prelude"
  let progress = 0
  let usage: Usage | undefined
  let error: GatewayError | undefined

  /** @param chunk undefined is the end */
  function take(chunk: Uint8Array | undefined): Uint8Array | undefined {
    if (phase === "complete" || phase === "failed") return undefined
    let first: Uint8Array | undefined
    let others: Uint8Array[] | undefined
    try {
      for (const event of chunk ? decoder.push(chunk) : decoder.end()) {
        follow(event)
        watch?.(event)
        const bytes = encoder.push(event)
        if (!bytes) continue
        if (!first) first = bytes
        else if (others) others.push(bytes)
        else others = [first, bytes]
      }
    } catch (thrown) {
      error = asError(thrown)
      phase = "failed"
    }
    return others ? Buffer.concat(others) : first
  }

  function follow(event: CanonicalEvent): void {
    if (event.type === "usage") usage = usageOf(event.usage)
    if (event.type === "end") phase = "complete"
    if (!carriesContent(event)) return
    progress++
    if (phase === "prelude") phase = "content"
  }

  return {
    push: take,
    end() {
      const bytes = take(undefined)
      if (phase === "prelude" || phase === "content") {
        error = truncated()
        phase = "failed"
      }
      return bytes
    },
    get phase() {
      return phase
    },
    get progress() {
      return progress
    },
    get usage() {
      return usage
    },
    get error() {
      return error
    },
    get stopped() {
      return decoder.stopped === true
    },
    get answer() {
      return encoder.answer
    },
    fail: (failure) => encoder.fail(failure),
  }
}

/** Events that are there already, as a stream. */
export function decoderOf(events: readonly CanonicalEvent[]): StreamDecoder {
  return { push: () => [], end: () => events }
}

function carriesContent(event: CanonicalEvent): boolean {
  switch (event.type) {
    case "delta":
      return event.text !== ""
    case "open":
      return event.start.kind === "tool-call" || event.start.kind === "whole"
    case "state":
    case "annotation":
    case "finish":
      return true
    default:
      return false
  }
}

/** The counts that are accounted for. */
export function usageOf(usage: CanonicalUsage): Usage {
  return {
    input: tokenCount(usage.input),
    output: tokenCount(usage.output),
    cacheRead: tokenCount(usage.cacheRead),
    cacheWrite: tokenCount(usage.cacheWrite),
    reasoning: tokenCount(usage.reasoning),
  }
}

function asError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (thrown instanceof RangeError) {
    return new GatewayError("upstream-invalid", "The upstream sent an event that is too large.", {
      cause: thrown,
    })
  }
  return new GatewayError("upstream-invalid", "The upstream sent what cannot be understood.", {
    code: "upstream_invalid",
    cause: thrown,
  })
}

function truncated(): GatewayError {
  return new GatewayError("upstream-truncated", "The upstream's stream ended in the middle.", {
    code: "upstream_truncated",
  })
}
