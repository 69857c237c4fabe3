import type { Decoding, Protocol } from "../core/protocol.ts"

/** Bytes behind the first content that are kept, and of those up to it. */
const SAMPLE = 4 * 1024
const LARGEST_HEAD = 64 * 1024

const DECODING: Decoding = { family: "", names: new Map(), custom: new Set() }

/**
 * What a client has got of a stream, for when its upstream does not say what it has used: measured by
 * its beginning, and only where it breaks off or is left.
 */
export class Heard {
  readonly #protocol: Protocol
  #head: Uint8Array | undefined
  readonly #sample: Uint8Array[] = []
  /** Bytes behind the head. */
  #rest = 0

  /** @param protocol of the client */
  constructor(protocol: Protocol) {
    this.#protocol = protocol
  }

  /**
   * @param bytes which hold whole events; the first time all of those up to the first content
   * @returns whether it wants to hear what comes next, too
   */
  take(bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start
    if (this.#head) {
      this.#sample.push(copyOf(bytes, start, end))
      this.#rest += size
    } else {
      this.#head = copyOf(bytes, start, Math.min(end, start + LARGEST_HEAD))
      this.#rest = size - this.#head.length
    }
    // Behind half of an event nothing could be read, nor behind what was left out.
    return this.#rest < SAMPLE && this.#head.length < LARGEST_HEAD
  }

  /**
   * Bytes of text, thoughts and arguments, about; 0 where nothing of them is understood.
   *
   * @param unheard bytes that came later
   */
  text(unheard: number): number {
    const head = this.#head
    const { chat } = this.#protocol.upstream
    if (!head || !chat) return 0
    const decoder = chat.createDecoder(DECODING)
    let text = 0
    const read = (bytes: Uint8Array) => {
      for (const event of decoder.push(bytes)) {
        if (event.type === "delta") text += Buffer.byteLength(event.text)
      }
      return bytes.length
    }
    try {
      read(head)
      const first = text
      let sampled = 0
      for (const bytes of this.#sample) sampled += read(bytes)
      const share = sampled > 0 ? (text - first) / sampled : first / head.length
      return first + share * (this.#rest + unheard)
    } catch {
      // An error inside the stream; what stood before it was read.
      return text
    }
  }
}

/** Of its own: what is written may change behind it. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end)
}
