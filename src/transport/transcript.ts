import type { Frame } from "../core/protocol.ts"
import type { WordTaker } from "./event-shape.ts"

const BACKSLASH = 0x5c
const FIRST_BEYOND_ASCII = 0x80

/** Bytes of the events that are written at once. */
const SIZE = 16 * 1024

/**
 * Words written down in other events than those in which they came, byte by byte: there is no text made of
 * them. It takes words only that are written alike everywhere: ASCII without escapes.
 */
export class Transcript implements WordTaker {
  /** The events. */
  readonly bytes = Buffer.allocUnsafeSlow(SIZE)
  size = 0
  /** The words alone. */
  readonly words = Buffer.allocUnsafeSlow(SIZE)
  length = 0
  #frame: Frame | undefined

  /** Begins anew. */
  begin(frame: Frame): void {
    this.#frame = frame
    this.size = 0
    this.length = 0
  }

  take(block: Buffer, start: number, end: number): boolean {
    const { before, after } = this.#frame!
    const { bytes, words } = this
    let { size, length } = this
    if (start === end || size + before.length + (end - start) + after.length > SIZE) return false
    size += before.copy(bytes, size)
    for (let at = start; at < end; at++) {
      const byte = block[at]!
      if (byte === BACKSLASH || byte >= FIRST_BEYOND_ASCII) return false
      bytes[size++] = byte
      words[length++] = byte
    }
    this.size = size + after.copy(bytes, size)
    this.length = length
    return true
  }
}
