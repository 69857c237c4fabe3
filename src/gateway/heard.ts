import type { Decoding, Protocol } from "../core/protocol.ts"

/** Bytes behind the first content that are kept, about, and of one block at most. */
const SAMPLE = 16 * 1024
const LARGEST_BLOCK = 64 * 1024

const DECODING: Decoding = { family: "", names: new Map(), custom: new Set() }

/** What a client has got of a stream, for when its upstream does not say what it has used. */
export interface Heard {
  /** @param bytes whole events; the first time all of those up to the first content */
  take(bytes: Uint8Array): void
  /** Bytes of text, thoughts and arguments, about; 0 where nothing of them is understood. */
  text(): number
}

/**
 * Measures a stream by its beginning, and only where it breaks off or is left.
 *
 * @param protocol of the client
 */
export function createHeard({ upstream }: Protocol): Heard {
  let head: Uint8Array | undefined
  const sample: Uint8Array[] = []
  let sampled = 0
  /** Bytes behind the head. */
  let rest = 0
  let full = false

  /** The beginning of a block. Behind half of an event nothing could be read. */
  function beginning(bytes: Uint8Array): Uint8Array {
    if (bytes.length <= LARGEST_BLOCK) return bytes
    full = true
    return bytes.slice(0, LARGEST_BLOCK)
  }

  return {
    take(bytes) {
      if (!head) {
        head = beginning(bytes)
        rest = bytes.length - head.length
        return
      }
      rest += bytes.length
      if (full) return
      const kept = beginning(bytes)
      sample.push(kept)
      sampled += kept.length
      full ||= sampled >= SAMPLE
    },
    text() {
      if (!head || !upstream.chat) return 0
      const decoder = upstream.chat.createDecoder(DECODING)
      let text = 0
      const read = (bytes: Uint8Array) => {
        for (const event of decoder.push(bytes)) {
          if (event.type === "delta") text += Buffer.byteLength(event.text)
        }
      }
      try {
        read(head)
        const first = text
        for (const bytes of sample) read(bytes)
        const share = sampled > 0 ? (text - first) / sampled : first / head.length
        return first + share * rest
      } catch {
        // An error inside the stream; what stood before it was read.
        return text
      }
    },
  }
}
