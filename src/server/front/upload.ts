/** Bytes for which there is room at first: who only says that much will come has not sent it. */
const FIRST_ROOM = 256 * 1024

/** A body of known length that comes in pieces. */
export class Upload {
  readonly #length: number
  #bytes: Buffer
  #filled = 0

  /** @param length bytes that are to come */
  constructor(length: number) {
    this.#length = length
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(length, FIRST_ROOM))
  }

  /** @returns bytes of these that belong to the body */
  add(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#length - this.#filled)
    const filled = this.#filled + taken
    if (filled > this.#bytes.length) {
      // All that is to come: what nobody has written to yet takes no memory.
      const grown = Buffer.allocUnsafeSlow(this.#length)
      this.#bytes.copy(grown, 0, 0, this.#filled)
      this.#bytes = grown
    }
    this.#bytes.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#filled)
    this.#filled = filled
    return taken
  }

  /** Bytes that have come. */
  get filled(): number {
    return this.#filled
  }

  /** The whole body; undefined until it is there. */
  get body(): Buffer | undefined {
    return this.#filled === this.#length ? this.#bytes : undefined
  }
}
