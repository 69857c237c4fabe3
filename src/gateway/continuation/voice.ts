import type { CanonicalEvent } from "../../core/canonical.ts"
import type { StreamEncoder } from "../../core/protocol.ts"

/** Characters of text that are remembered; nobody goes on with a longer answer. */
const MOST_TEXT = 1_000_000

/** One answer as its client hears it, from however many upstreams: the encoder, and what it was told. */
export interface Voice extends StreamEncoder {
  /** Whether somebody else can go on: so far there is nothing but text and thoughts, and no end. */
  readonly unfinished: boolean
  /** What was said, one text a part. */
  readonly texts: readonly string[]
  /** The part of the last text, while it is open. */
  readonly openText: number | undefined
  /** All parts that are open. */
  readonly openParts: readonly number[]
  /** Parts that were opened so far. */
  readonly parts: number
  /** Bytes of text and thoughts. */
  readonly bytes: number
}

/** @param encoder of the client's protocol */
export function createVoice(encoder: StreamEncoder): Voice {
  const texts = new Map<number, string[]>()
  const open = new Set<number>()
  let parts = 0
  let bytes = 0
  let length = 0
  let unfinished = true

  function hear(event: CanonicalEvent): void {
    switch (event.type) {
      case "open": {
        const { kind } = event.start
        parts = Math.max(parts, event.part + 1)
        open.add(event.part)
        if (kind === "text") texts.set(event.part, [])
        if (event.choice !== 0 || (kind !== "text" && kind !== "reasoning")) unfinished = false
        return
      }
      case "delta": {
        bytes += Buffer.byteLength(event.text)
        const text = texts.get(event.part)
        if (!text) return
        length += event.text.length
        if (length <= MOST_TEXT) text.push(event.text)
        else unfinished = false
        return
      }
      case "close":
        open.delete(event.part)
        return
      case "finish":
      case "end":
        unfinished = false
    }
  }

  return {
    push(event) {
      hear(event)
      try {
        return encoder.push(event)
      } catch (thrown) {
        unfinished = false
        throw thrown
      }
    },
    fail: (error) => encoder.fail(error),
    get answer() {
      return encoder.answer
    },
    get unfinished() {
      return unfinished
    },
    get texts() {
      return [...texts.values()].map((pieces) => pieces.join("")).filter((text) => text !== "")
    },
    get openText() {
      const last = [...texts.keys()].at(-1)
      return last !== undefined && open.has(last) ? last : undefined
    },
    get openParts() {
      return [...open]
    },
    get parts() {
      return parts
    },
    get bytes() {
      return bytes
    },
  }
}
