import { EVENT, FLAG } from "./event.ts"
import { RECORD_INTS, RECORD_WORDS } from "./memory.ts"
import type { RecordView } from "./log.ts"

/** Bytes of a text that one record holds. */
const PIECE = 4 * (RECORD_WORDS - RECORD_INTS)
/** Names after which all are forgotten: callers choose some of them. */
const MOST = 20_000

/**
 * Numbers for texts, the same in all workers, since all read in the same order how they are given out. A record then
 * has room for a number only.
 */
export interface Names {
  /** Told when all numbers are given out anew. */
  onForget(forget: () => void): void
  text(name: number): string
  /** The number of a text that has one. */
  find(text: string): number | undefined
  /** Gives a text a number, and tells the others. @param write a place for a record; @param commit it is complete */
  give(text: string, write: () => RecordView, commit: () => void): number
  /** Another worker has given out a number. */
  read(record: RecordView): void
  save(): readonly string[]
  load(saved: readonly string[]): void
}

export function createNames(): Names {
  const numbers = new Map<string, number>()
  let texts: string[] = []
  let forgetful: () => void = () => {}
  /** What was read of a text that is not complete. */
  let begun: Uint8Array[] = []

  function add(text: string): number {
    if (texts.length >= MOST) {
      numbers.clear()
      texts = []
      forgetful()
    }
    const name = texts.push(text) - 1
    numbers.set(text, name)
    return name
  }

  return {
    onForget(forget) {
      const before = forgetful
      forgetful = () => {
        before()
        forget()
      }
    },
    text: (name) => texts[name] ?? "",
    find: (text) => numbers.get(text),
    give(text, write, commit) {
      const bytes = Buffer.from(text)
      let at = 0
      do {
        const piece = bytes.subarray(at, at + PIECE)
        const record = write()
        const first = at === 0 ? FLAG.first : 0
        at += PIECE
        record.setInt(0, EVENT.name | first | (at >= bytes.length ? FLAG.second : 0))
        record.setInt(1, piece.length)
        record.setBytes(0, piece)
        commit()
      } while (at < bytes.length)
      return add(text)
    },
    read(record) {
      const head = record.int(0)
      // Whoever began the one before may have died before its end.
      if (head & FLAG.first) begun = []
      begun.push(record.bytes(0, record.int(1)))
      if ((head & FLAG.second) === 0) return
      add(Buffer.concat(begun).toString())
      begun = []
    },
    save: () => texts,
    load(saved) {
      numbers.clear()
      texts = [...saved]
      forgetful()
      for (const [name, text] of texts.entries()) numbers.set(text, name)
      begun = []
    },
  }
}
