import { type ByteSink, type ByteSource, cut } from "../../core/byte-source.ts"

/** Unread bytes beyond which nothing more is taken from the network, and up to which it is taken again. */
const HIGH = 256 * 1024
const LOW = 64 * 1024

/** Where a body comes from, until its end. */
export interface Tap {
  pause(): void
  resume(): void
  /** Nobody wants the rest. */
  drop(): void
}

/** The body of one answer: the connection puts in what comes, one reader takes it out. */
export class Body implements ByteSource {
  /** Undefined once the connection has given all that it will. */
  #tap: Tap | undefined
  /** What has come and is unread: the first, and the others, of which there are rarely any. */
  #first: Uint8Array | undefined
  #others: Uint8Array[] | undefined
  #unread = 0
  #full = false
  #sink: ByteSink | undefined
  #resolve: ((bytes: Uint8Array | undefined) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #failed = false
  #error: unknown

  constructor(tap: Tap) {
    this.#tap = tap
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const bytes = this.#take()
    if (bytes) return bytes
    if (this.#failed) throw this.#error
    if (!this.#tap) return undefined
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  pipe(sink: ByteSink): void {
    this.#sink = sink
    for (let bytes = this.#take(); bytes && this.#sink; bytes = this.#take()) sink.data(bytes)
    if (this.#tap || !this.#sink) return
    this.#sink = undefined
    if (this.#failed) sink.fail(this.#error)
    else sink.end()
  }

  pause(): void {
    this.#tap?.pause()
  }

  resume(): void {
    this.#tap?.resume()
  }

  cancel(): void {
    const tap = this.#tap
    this.#tap = undefined
    this.#first = undefined
    this.#others = undefined
    this.#sink = undefined
    this.#answer(undefined)
    tap?.drop()
  }

  /** More has come: the bytes from `start` to `end`. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#sink) {
      this.#sink.data(bytes, start, end)
      return
    }
    const more = cut(bytes, start, end)
    if (this.#resolve) this.#answer(more)
    else this.#keep(more)
    if (this.#unread > HIGH && !this.#full) {
      this.#full = true
      this.#tap?.pause()
    }
  }

  /** It has ended. @param last bytes that came with the end; may be empty */
  finish(last: Uint8Array): void {
    this.#tap = undefined
    const sink = this.#sink
    if (sink) {
      if (last.length > 0) sink.data(last)
      // Who has taken the last bytes may have cancelled.
      if (!this.#sink) return
      this.#sink = undefined
      sink.end()
    } else if (this.#resolve) this.#answer(last.length > 0 ? last : undefined)
    else if (last.length > 0) this.#keep(last)
  }

  /** It breaks off. @param drop whether also what is unread is of no use any more */
  fail(error: unknown, drop: boolean): void {
    // Nobody wants it any more.
    if (!this.#tap) return
    this.#tap = undefined
    this.#failed = true
    this.#error = error
    if (drop) {
      this.#first = undefined
      this.#others = undefined
    }
    const sink = this.#sink
    const reject = this.#reject
    this.#sink = undefined
    this.#resolve = undefined
    this.#reject = undefined
    if (sink) sink.fail(error)
    else reject?.(error)
  }

  #answer(bytes: Uint8Array | undefined): void {
    const resolve = this.#resolve
    this.#resolve = undefined
    this.#reject = undefined
    resolve?.(bytes)
  }

  #keep(bytes: Uint8Array): void {
    this.#unread += bytes.length
    if (!this.#first) this.#first = bytes
    else if (this.#others) this.#others.push(bytes)
    else this.#others = [bytes]
  }

  #take(): Uint8Array | undefined {
    const bytes = this.#first
    if (!bytes) return undefined
    this.#first = this.#others?.shift()
    this.#unread -= bytes.length
    if (this.#full && this.#unread <= LOW) {
      this.#full = false
      this.#tap?.resume()
    }
    return bytes
  }
}
