import type { Frame } from "../core/protocol.ts"
import type { WordTaker } from "./event-shape.ts"
import { characterSize } from "./utf8.ts"

const BACKSLASH = 0x5c
const FIRST_BEYOND_ASCII = 0x80

/** Characters by the letter of their escapes. Others are spelled in several ways. */
const ESCAPED: readonly number[] = escapedCharacters()

/** Bytes of the events that are written at once. */
const SIZE = 16 * 1024

/**
 * Words written down in other events than those in which they came, byte by byte: there is no text made of
 * them. It takes words only that are spelled as we do: well-formed UTF-8, without escapes that need not be.
 */
export class Transcript implements WordTaker {
  /** The events. */
  readonly bytes = Buffer.allocUnsafeSlow(SIZE)
  size = 0
  /** The words alone, as they are without escapes. */
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
    for (let at = start; at < end; ) {
      const byte = block[at++]!
      bytes[size++] = byte
      if (byte === BACKSLASH) {
        const letter = block[at++]!
        const character = ESCAPED[letter]
        if (character === undefined) return false
        bytes[size++] = letter
        words[length++] = character
        continue
      }
      words[length++] = byte
      if (byte < FIRST_BEYOND_ASCII) continue
      const rest = characterSize(block, at - 1, end) - 1
      if (rest < 0) return false
      for (const last = at + rest; at < last; at++) {
        bytes[size++] = block[at]!
        words[length++] = block[at]!
      }
    }
    this.size = size + after.copy(bytes, size)
    this.length = length
    return true
  }
}

function escapedCharacters(): number[] {
  const characters: number[] = []
  for (const letter of 'bfnrt"\\') {
    characters[letter.charCodeAt(0)] = (JSON.parse(`"\\${letter}"`) as string).charCodeAt(0)
  }
  return characters
}
