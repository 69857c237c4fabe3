/** Bytes that are put together to be written at once: each write is a call to the system. */
export const TOGETHER = 64 * 1024
/** Shared by all connections: a socket copies what it takes. */
export const scratch = Buffer.allocUnsafeSlow(TOGETHER)

/** As much of a socket as writing needs. */
interface Writable {
  /** @returns bytes that were taken; less than nothing where it is closed */
  write(bytes: Uint8Array, offset: number, length: number): number
}

/** What goes out over one socket: as much at once as it takes, and the rest when it takes more. */
export class Outgoing {
  readonly #socket: Writable
  /** What the socket has not taken yet. */
  #rest: Uint8Array[] | undefined

  constructor(socket: Writable) {
    this.#socket = socket
  }

  /** Whether something waits for the socket. */
  get waits(): boolean {
    return this.#rest !== undefined
  }

  /** Sends the beginning of `scratch`. @param size bytes */
  sendScratch(size: number): void {
    this.sendBorrowed(scratch, 0, size)
  }

  /** Sends bytes that may change afterwards: what is not taken now is copied. */
  sendBorrowed(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#rest ? start : start + this.#write(bytes, start, end - start)
    if (from < end) this.#keep(Uint8Array.prototype.slice.call(bytes, from, end))
  }

  /** @param bytes which nobody changes any more */
  send(bytes: Uint8Array): void {
    const taken = this.#rest ? 0 : this.#write(bytes, 0, bytes.length)
    if (taken < bytes.length) this.#keep(taken === 0 ? bytes : bytes.subarray(taken))
  }

  /** The socket takes more. @returns whether nothing waits any more */
  go(): boolean {
    const rest = this.#rest
    if (!rest) return true
    this.#rest = undefined
    for (const bytes of rest) this.send(bytes)
    return this.#rest === undefined
  }

  #write(bytes: Uint8Array, start: number, size: number): number {
    const taken = this.#socket.write(bytes, start, size)
    // Who is closed is told so soon, and wants nothing more.
    return taken < 0 ? size : taken
  }

  #keep(bytes: Uint8Array): void {
    if (this.#rest) this.#rest.push(bytes)
    else this.#rest = [bytes]
  }
}
