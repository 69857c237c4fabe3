/** Bytes that there is place for at first. */
const FIRST = 64

/** A text that grows by words, some of them given as UTF-8: nothing is made of these until the text is asked for. */
export class OpenText {
  #text = ""
  #bytes: Buffer | undefined
  #size = 0

  get text(): string {
    if (this.#bytes && this.#size > 0) {
      this.#text += this.#bytes.toString("utf8", 0, this.#size)
      this.#size = 0
    }
    return this.#text
  }

  add(text: string): void {
    this.#text = this.text + text
  }

  /** @param bytes which begin with so much of whole characters */
  addUtf8(bytes: Buffer, length: number): void {
    const size = this.#size + length
    this.#bytes ??= Buffer.allocUnsafeSlow(FIRST)
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * size)
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    bytes.copy(this.#bytes, this.#size, 0, length)
    this.#size = size
  }
}
