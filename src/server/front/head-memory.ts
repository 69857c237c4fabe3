import { lengthIn } from "../../transport/http1/field-bytes.ts"
import { BLANK_LINE, type PlainHead, readPlainHead } from "./plain-head.ts"

/** Bytes of a head that is remembered: an agent's has half as many. */
const LONGEST = 2048
/** Heads in a row that were unlike the one before, after which none is remembered: they have ids of their own. */
const MOST_MISSES = 8

const SPACE = 0x20
const TAB = 0x09

/**
 * Reads the heads of one connection, most of which are alike: what a client sends next differs from what it sent
 * last in its body, of which the head has the length. What is known of such a head need not be found again.
 */
export class HeadMemory {
  #last: PlainHead | undefined
  /** The last one as it came: to read a head changes its names. */
  #bytes: Uint8Array | undefined
  #misses = 0

  /**
   * The plain head that these bytes begin with, or undefined, as `readPlainHead` says. Where it is like the last
   * one, it is that, with the length of this one: of its headers, `content-length` alone may be an earlier one's.
   */
  read(bytes: Buffer): PlainHead | undefined {
    const last = this.#last
    if (last && this.#bytes) {
      if (isLike(bytes, last, this.#bytes)) {
        const length = lengthIn(bytes, last.lengthStart, last.lengthEnd)
        if (length >= 0) {
          this.#misses = 0
          last.length = length
          return last
        }
      }
      this.#misses++
    }
    // Many connections have one request: what is remembered begins with the second.
    this.#bytes = last && this.#misses < MOST_MISSES ? headOf(bytes) : undefined
    this.#last = readPlainHead(bytes)
    return this.#last
  }
}

/** As much of these bytes as a head that is remembered may have, on its own. */
function headOf(bytes: Buffer): Uint8Array | undefined {
  const end = bytes.indexOf(BLANK_LINE) + BLANK_LINE.length
  return end > LONGEST ? undefined : Uint8Array.prototype.slice.call(bytes, 0, end)
}

/**
 * Whether every byte is that of the last head, but for its length. It takes the same time whatever differs: there
 * is a key in it, and a proxy may send the requests of many over one connection.
 */
function isLike(
  bytes: Uint8Array,
  { end, lengthStart, lengthEnd }: PlainHead,
  known: Uint8Array,
): boolean {
  if (bytes.length < end) return false
  let difference = 0
  for (let at = 0; at < lengthStart; at++) difference |= bytes[at]! ^ known[at]!
  for (let at = lengthEnd; at < end; at++) difference |= bytes[at]! ^ known[at]!
  // A line that ends sooner is another head.
  for (let at = lengthStart; at < lengthEnd; at++) {
    if (bytes[at]! < SPACE && bytes[at] !== TAB) return false
  }
  return difference === 0
}
