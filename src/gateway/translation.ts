import { tokenCount } from "../canonical/tokens.ts"
import type { ByteWriter } from "../core/byte-source.ts"
import type { CanonicalEvent, CanonicalUsage } from "../core/canonical.ts"
import { GatewayError } from "../core/error.ts"
import type {
  Frame,
  StreamDecoder,
  StreamEncoder,
  StreamPhase,
  StreamRelay,
} from "../core/protocol.ts"
import type { Usage } from "../core/usage.ts"
import { answerTooLarge } from "./answer-too-large.ts"

/**
 * A stream of one protocol as a stream of another: what comes in is decoded, what goes out encoded.
 *
 * @param limit bytes of text, about: most protocols keep all of it up to the end
 * @param watch told of every event, but not of further words of a text
 */
export function createTranslation(
  decoder: StreamDecoder,
  encoder: StreamEncoder,
  limit: number,
  watch?: (event: CanonicalEvent) => void,
): StreamRelay {
  return new Translation(decoder, encoder, limit, watch)
}

/** A class, since every block of every translated stream goes through one. */
class Translation implements StreamRelay {
  phase: StreamPhase = "prelude"
  progress = 0
  usage: Usage | undefined
  error: GatewayError | undefined
  readonly #decoder: StreamDecoder
  readonly #encoder: StreamEncoder
  readonly #limit: number
  readonly #watch: ((event: CanonicalEvent) => void) | undefined
  /** Where all that may come next are words of one text: how they go on. */
  #frame: Frame | undefined
  /** Text that has come, in characters; of mere words, with all that is around them. */
  #size = 0

  constructor(
    decoder: StreamDecoder,
    encoder: StreamEncoder,
    limit: number,
    watch: ((event: CanonicalEvent) => void) | undefined,
  ) {
    this.#decoder = decoder
    this.#encoder = encoder
    this.#limit = limit
    this.#watch = watch
  }

  get stopped(): boolean {
    return this.#decoder.stopped === true
  }

  get answer(): Uint8Array | undefined {
    return this.#encoder.answer
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    return this.#take(chunk)
  }

  pass(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): boolean {
    if (!this.#frame || this.#size > this.#limit) return false
    const words = this.#decoder.retell!(bytes, start, end, this.#frame, writer)
    this.progress += words
    if (words > 0) this.#size += end - start
    return words > 0
  }

  end(): Uint8Array | undefined {
    const bytes = this.#take(undefined)
    if (this.phase === "prelude" || this.phase === "content") {
      this.error = truncated()
      this.phase = "failed"
    }
    return bytes
  }

  fail(failure: GatewayError): Uint8Array {
    return this.#encoder.fail(failure)
  }

  /** @param chunk undefined is the end */
  #take(chunk: Uint8Array | undefined): Uint8Array | undefined {
    if (this.phase === "complete" || this.phase === "failed") return undefined
    let first: Uint8Array | undefined
    let others: Uint8Array[] | undefined
    let last: CanonicalEvent | undefined
    this.#frame = undefined
    try {
      for (const event of chunk ? this.#decoder.push(chunk) : this.#decoder.end()) {
        last = event
        this.#follow(event)
        this.#watch?.(event)
        if (this.#size > this.#limit) throw answerTooLarge(this.#limit)
        const bytes = this.#encoder.push(event)
        if (!bytes) continue
        if (!first) first = bytes
        else if (others) others.push(bytes)
        else others = [first, bytes]
      }
      const { failure } = this.#decoder
      if (failure !== undefined) throw failure
      if (last?.type === "delta" && this.#decoder.retells) {
        this.#frame = this.#encoder.frame?.(last.part)
      }
    } catch (thrown) {
      this.error = asError(thrown)
      this.phase = "failed"
    }
    return others ? Buffer.concat(others) : first
  }

  #follow(event: CanonicalEvent): void {
    if (event.type === "delta") this.#size += event.text.length
    if (event.type === "usage") this.usage = usageOf(event.usage)
    if (event.type === "end") this.phase = "complete"
    if (!carriesContent(event)) return
    this.progress++
    if (this.phase === "prelude") this.phase = "content"
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
