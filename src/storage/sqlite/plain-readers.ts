import { readLines, type Stretch } from "./journal-reader.ts"
import { createPlainReader, type PlainReader } from "./plain-reader.ts"
import { HEADER_BYTES } from "./segment.ts"

/** Segments whose words are remembered; then all are forgotten. */
const MOST = 64

/** Readers of segments, each with the words that it has read there. */
export interface PlainReaders {
  /** One that knows the words of all lines before a byte. */
  at(stretch: Stretch, from: number): PlainReader
  /** Notes that it has read on, and that this is stored. */
  moved(stretch: Stretch, to: number, reader: PlainReader): void
  forget(stretch: Stretch): void
}

interface Known {
  readonly order: number
  readonly to: number
  readonly reader: PlainReader
}

export function createPlainReaders(): PlainReaders {
  const known = new Map<string, Known>()
  return {
    at(stretch, from) {
      const last = known.get(stretch.path)
      if (last?.order === stretch.order && last.to === from) return last.reader
      const reader = createPlainReader()
      const before = { ...stretch, from: HEADER_BYTES, to: from }
      if (stretch.headed && from > HEADER_BYTES) reader.learn(readLines(before, Infinity).bytes)
      return reader
    },
    moved({ path, order }, to, reader) {
      if (known.size >= MOST && !known.has(path)) known.clear()
      known.set(path, { order, to, reader })
    },
    forget: ({ path }) => void known.delete(path),
  }
}
