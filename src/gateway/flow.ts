import type { ByteSink, ByteSource } from "../core/byte-source.ts"
import { clientGone, GatewayError } from "../core/error.ts"
import type { Life } from "../core/life.ts"
import { answerTooLarge } from "./answer-too-large.ts"

/** Bytes and milliseconds that a finished stream may take to end by itself, which saves its connection. */
const TAIL_BYTES = 64 * 1024
const TAIL_TIME = 1000

/** What counts what is worth waiting for. */
export interface Counted {
  readonly progress: number
}

/** The time limits of one attempt. */
export interface Limits {
  /** The upstream is being waited for. */
  wait(): void
  /** Until the next `wait`, time is the client's. */
  pause(): void
  /** Something worth waiting for has come: the limit starts anew. */
  progress(): void
  /** The same happens from now on whenever this count changes. */
  follow(counted: Counted): void
  /** Gives what is left of the answer this many milliseconds. */
  hurry(ms: number): void
  /** No more limits. */
  end(): void
}

/**
 * The body of an answer as it comes, with the attempt's time limits watching: first it is read, then
 * perhaps piped. A class, since every block of every answer goes through one.
 */
export class Flow implements ByteSink {
  readonly #body: ByteSource | null
  readonly #life: Life
  readonly #limits: Limits
  #sink: ByteSink | undefined
  #piped = false
  #paused = false
  /** Nothing more comes, or nobody wants it. */
  #over: boolean
  /** Bytes that may still come once all of interest was read. */
  #tail = TAIL_BYTES

  /** @param life of the attempt */
  constructor(body: ByteSource | null, life: Life, limits: Limits) {
    this.#body = body
    this.#life = life
    this.#limits = limits
    this.#over = body === null
  }

  /** The next bytes; undefined at the end. @throws (or rejects with) GatewayError when the upstream stalls or breaks off */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (this.#over) return undefined
    try {
      const bytes = this.#body!.read()
      if (bytes instanceof Promise) return this.#await(bytes)
      if (!bytes) this.#over = true
      return bytes
    } catch (cause) {
      throw this.#brokenOff(cause)
    }
  }

  /** All of it, up to `limit` bytes. @throws (or rejects with) GatewayError as above, and for a larger body */
  readAll(limit: number): Uint8Array | Promise<Uint8Array> {
    const first = this.read()
    if (first instanceof Promise) return this.#readOn([], first, limit)
    if (!first) return new Uint8Array()
    if (first.length > limit) throw answerTooLarge(limit)
    const second = this.read()
    if (second === undefined) return first
    this.#limits.progress()
    return this.#readOn([first], second, limit)
  }

  /**
   * Hands everything from now on to the sink, as it comes. Errors are GatewayErrors.
   *
   * @param counted counts what is worth waiting for; else the sink says so
   */
  pipe(sink: ByteSink, counted?: Counted): void {
    this.#sink = sink
    if (counted) this.#limits.follow(counted)
    if (this.#over) sink.end()
    else this.#flow()
  }

  /** Takes nothing more from the upstream, whose time stands still. Only while piped. */
  pause(): void {
    if (this.#paused || this.#over) return
    this.#paused = true
    this.#limits.pause()
    this.#body!.pause()
  }

  resume(): void {
    if (!this.#paused || this.#over) return
    this.#paused = false
    this.#limits.wait()
    this.#body!.resume()
  }

  /** Something worth waiting for has come. */
  progress(): void {
    this.#limits.progress()
  }

  /** Everything of interest was read: lets the upstream end by itself, for a moment. */
  settle(): void {
    this.#sink = undefined
    if (this.#over) {
      this.#limits.end()
      return
    }
    this.resume()
    this.#limits.hurry(TAIL_TIME)
    if (!this.#piped) this.#flow()
  }

  /** Ends the upstream request. */
  cancel(): void {
    this.#over = true
    this.#sink = undefined
    this.#limits.end()
    this.#life.abort(clientGone())
    this.#body?.cancel()
  }

  data(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#sink) this.#sink.data(bytes, start, end)
    else {
      this.#tail -= end - start
      if (this.#tail < 0) this.cancel()
    }
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#sink) this.#sink.end()
    else this.#limits.end()
  }

  fail(cause: unknown): void {
    if (this.#over) return
    this.#over = true
    if (this.#sink) this.#sink.fail(this.#brokenOff(cause))
    else this.#limits.end()
  }

  #flow(): void {
    this.#piped = true
    if (this.#sink) this.#limits.wait()
    this.#body!.pipe(this)
  }

  async #await(next: Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    this.#limits.wait()
    try {
      const bytes = await next
      if (!bytes) this.#over = true
      return bytes
    } catch (cause) {
      throw this.#brokenOff(cause)
    } finally {
      this.#limits.pause()
    }
  }

  async #readOn(
    parts: Uint8Array[],
    next: Uint8Array | Promise<Uint8Array | undefined>,
    limit: number,
  ): Promise<Uint8Array> {
    let size = parts[0]?.length ?? 0
    for (let bytes = await next; bytes; bytes = await this.read()) {
      this.#limits.progress()
      size += bytes.length
      if (size > limit) throw answerTooLarge(limit)
      parts.push(bytes)
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  #brokenOff(cause: unknown): unknown {
    if (this.#life.aborted) return this.#life.reason
    return new GatewayError("upstream-truncated", "The upstream broke off its answer.", {
      code: "upstream_truncated",
      cause,
    })
  }
}
