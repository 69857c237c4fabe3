import type { Duplex } from "node:stream"
import { type ByteSink, type ByteSource, cut } from "../../core/byte-source.ts"
import { Body, type Tap } from "./body.ts"
import { type Coding, codings } from "./codings.ts"

/** Bytes of a body that is decoded at once, where all of it has come at once. */
const AT_ONCE = 1 << 20
const NOTHING = new Uint8Array()

/** A body without the coding that its head names; as it is, where it has none that is known. */
export function decoded(body: Body, encoding: string): ByteSource {
  const coding = encoding === "" ? undefined : codings.get(encoding)
  return coding ? new Decoder(body, coding).body : body
}

/** Feeds the coded bytes to a decoder of zlib's, and what that one gives to a body of its own. */
class Decoder implements ByteSink, Tap {
  readonly body = new Body(this)
  readonly #coded: Body
  readonly #coding: Coding
  /** What has come in this turn, which may be all. */
  #first: Uint8Array | undefined
  #transform: Duplex | undefined
  #paused = false
  #over = false

  constructor(coded: Body, coding: Coding) {
    this.#coded = coded
    this.#coding = coding
    coded.pipe(this)
  }

  data(from: Uint8Array, start = 0, end = from.length): void {
    const bytes = cut(from, start, end)
    if (!this.#transform && !this.#first && this.#coding.whole) {
      this.#first = bytes
      queueMicrotask(() => this.#goOn())
      return
    }
    this.#goOn()
    this.#write(bytes)
  }

  end(): void {
    const first = this.#first
    if (first && this.#decodeAtOnce(first)) return
    this.#goOn()
    if (this.#transform) this.#transform.end()
    else this.#finish(NOTHING)
  }

  fail(error: unknown): void {
    this.#stop()
    this.body.fail(error, true)
  }

  pause(): void {
    this.#paused = true
    this.#transform?.pause()
    this.#coded.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#transform?.resume()
    if (!this.#transform?.writableNeedDrain) this.#coded.resume()
  }

  drop(): void {
    this.#stop()
    this.#coded.cancel()
  }

  /** @returns false where it is too large for that */
  #decodeAtOnce(coded: Uint8Array): boolean {
    try {
      const bytes = this.#coding.whole?.(coded, AT_ONCE)
      if (!bytes) return false
      this.#first = undefined
      this.#finish(bytes)
    } catch (error) {
      if (error instanceof RangeError) return false
      this.#first = undefined
      this.fail(error)
    }
    return true
  }

  /** What was held back to see if it is all is not all. */
  #goOn(): void {
    const first = this.#first
    this.#first = undefined
    if (first && !this.#over) this.#write(first)
  }

  #write(bytes: Uint8Array): void {
    this.#transform ??= this.#open(bytes)
    // Its own buffer is full: no more until that is empty.
    if (!this.#transform.write(bytes)) this.#coded.pause()
  }

  #open(first: Uint8Array): Duplex {
    const transform = this.#coding.open(first)
    transform.on("data", (bytes: Uint8Array) => {
      if (!this.#over) this.body.push(bytes)
    })
    transform.on("drain", () => {
      if (!this.#paused) this.#coded.resume()
    })
    transform.on("end", () => this.#finish(NOTHING))
    transform.on("error", (error) => {
      if (this.#over) return
      this.#coded.cancel()
      this.fail(error)
    })
    if (this.#paused) transform.pause()
    return transform
  }

  #finish(last: Uint8Array): void {
    if (this.#over) return
    this.#over = true
    this.body.finish(last)
  }

  #stop(): void {
    this.#over = true
    this.#transform?.destroy()
  }
}
