import { putWhole } from "../../core/digits.ts"

/** Bytes of a request that are put together to be written at once: each write is a call to the system. */
const TOGETHER = 64 * 1024
/** Shared by all: a socket copies what it takes. */
const scratch = Buffer.allocUnsafeSlow(TOGETHER)
/** For the length of a body and what is behind it. */
const LENGTH_ROOM = 20
const NOTHING = new Uint8Array()
const CR = 0x0d
const LF = 0x0a

/** @returns bytes that were taken; less than nothing where it is closed */
interface Writable {
  write(bytes: Uint8Array, offset?: number, length?: number): number
}

/** Writes one request after the other to a socket, as fast as that one takes them. */
export class RequestWriter {
  /** What the socket has not taken yet, and what comes behind that. */
  #rest: Uint8Array = NOTHING
  #behind: Uint8Array = NOTHING

  /** Whether the last request is written to its end. */
  get done(): boolean {
    return this.#rest.length === 0
  }

  /** @param head up to the length of the body. @returns false where the connection is closed */
  start(socket: Writable, head: Buffer, body: Uint8Array | undefined): boolean {
    const room = head.length + LENGTH_ROOM
    if (room > TOGETHER) return this.#put(socket, withLength(head, body), body ?? NOTHING)
    scratch.set(head)
    let size = head.length
    if (!body) return this.#putScratch(socket, size, NOTHING)
    size = putWhole(scratch, size, body.length)
    scratch[size++] = CR
    scratch[size++] = LF
    scratch[size++] = CR
    scratch[size++] = LF
    if (size + body.length > TOGETHER) return this.#putScratch(socket, size, body)
    scratch.set(body, size)
    return this.#putScratch(socket, size + body.length, NOTHING)
  }

  /** The socket takes more. @returns false where the connection is closed */
  go(socket: Writable): boolean {
    return this.done || this.#put(socket, this.#rest, this.#behind)
  }

  #putScratch(socket: Writable, size: number, behind: Uint8Array): boolean {
    const written = socket.write(scratch, 0, size)
    if (written < 0) return false
    if (written === size) return behind.length === 0 || this.#put(socket, behind, NOTHING)
    this.#rest = Buffer.from(scratch.subarray(written, size))
    this.#behind = behind
    return true
  }

  #put(socket: Writable, bytes: Uint8Array, behind: Uint8Array): boolean {
    const written = socket.write(bytes)
    if (written < 0) return false
    if (written < bytes.length) {
      this.#rest = bytes.subarray(written)
      this.#behind = behind
      return true
    }
    this.#rest = NOTHING
    this.#behind = NOTHING
    return behind.length === 0 || this.#put(socket, behind, NOTHING)
  }
}

function withLength(head: Buffer, body: Uint8Array | undefined): Uint8Array {
  return body ? Buffer.concat([head, Buffer.from(`${body.length}\r\n\r\n`)]) : head
}
