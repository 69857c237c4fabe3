import { invalidAnswer } from "./connection-error.ts"
import { hasHead } from "./response-head.ts"

/** Bytes that an answer's head may have. */
const LIMIT = 64 * 1024

/** The beginning of an answer that comes in more than one piece. */
export class HeadBytes {
  #buffer = Buffer.allocUnsafe(2048)
  #length = 0

  /**
   * @returns all that has come, once a whole head is in it; undefined until then
   * @throws ConnectionError for a head that is too large
   */
  add(bytes: Buffer): Buffer | undefined {
    const before = this.#length
    this.#length += bytes.length
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#buffer.length))
      this.#buffer.copy(larger, 0, 0, before)
      this.#buffer = larger
    }
    bytes.copy(this.#buffer, before)
    const all = this.#buffer.subarray(0, this.#length)
    if (hasHead(all, before)) return all
    if (this.#length > LIMIT) throw headTooLarge()
    return undefined
  }
}

/** @throws ConnectionError for a head that is too large, though it is whole */
export function boundHead(size: number): void {
  if (size > LIMIT) throw headTooLarge()
}

function headTooLarge() {
  return invalidAnswer(`its head is larger than ${LIMIT} bytes`)
}
