import type { Database } from "bun:sqlite"
import { type AnswerRows, createAnswerRows } from "./answer-rows.ts"
import type { Stretch } from "./journal-reader.ts"
import { parseLines, rowOf } from "./lines.ts"
import { createPlainReader, type PlainReader } from "./plain-reader.ts"
import { createPlainRows } from "./plain-rows.ts"
import { createTaken } from "./taken.ts"
import { createUsageRows } from "./usage-rows.ts"
import { createWords } from "./words.ts"

/** Milliseconds between two looks for what is not needed any more. */
const SWEEP_MS = 60_000

/** Where lines come from, and how far. */
export interface Source {
  readonly stretch: Stretch
  readonly to: number
  readonly reader: PlainReader
}

/** Lines of the journal as rows of tables. */
export interface Tables {
  readonly answers: AnswerRows
  /**
   * Adds what lines say, in one transaction.
   * @param source undefined for lines that nobody knows to be new, each with its words
   * @returns how many of them nobody can read
   */
  insert(bytes: Buffer, now: number, source?: Source): number
  /** From which byte on a stretch's lines are new. */
  newFrom(stretch: Stretch): number
  close(): void
}

/** @param path of the open database, which is up to date */
export function createTables(db: Database, path: string): Tables {
  const words = createWords(db)
  const plain = createPlainRows(db, words)
  const rows = createUsageRows(db, words)
  const answers = createAnswerRows(db)
  const taken = createTaken(db, path)
  /** When it was last looked for what is not needed any more. */
  let swept = -Infinity

  function insertAll(bytes: Buffer, source: Source | undefined): number {
    let unread = 0
    plain.begin()
    const addPlain = source ? plain.add : adderOfNew(bytes)
    const found = (source?.reader ?? createPlainReader()).read(bytes, (row) => {
      if (!addPlain(row)) unread++
    })
    plain.end()
    const parsed = parseLines(found.others)
    for (const row of parsed.rows) if (!rows.add(row)) unread++
    for (const document of parsed.documents) {
      if (answers.apply(document)) continue
      const row = rowOf(document)
      if (!row || !rows.addOnce(row)) unread++
    }
    if (source) taken.note(source.stretch, source.to)
    return unread + found.damaged + parsed.damaged
  }

  /** Few lines are not known to be new: those that were in memory, or in a file that somebody has deleted. */
  function adderOfNew(bytes: Buffer) {
    let earliest = Infinity
    let latest = -Infinity
    createPlainReader().read(bytes, ({ time }) => {
      earliest = Math.min(earliest, time)
      latest = Math.max(latest, time)
    })
    return plain.adderOfNew(earliest, latest)
  }

  const insert = db.transaction((bytes: Buffer, now: number, source: Source | undefined) => {
    const unread = insertAll(bytes, source)
    if (now - swept >= SWEEP_MS) {
      answers.sweep(now)
      taken.sweep()
    }
    return unread
  })

  return {
    answers,
    insert(bytes, now, source) {
      try {
        const unread = insert.immediate(bytes, now, source)
        if (now - swept >= SWEEP_MS) swept = now
        return unread
      } catch (thrown) {
        words.forget()
        throw thrown
      }
    },
    newFrom(stretch) {
      const to = taken.of(stretch)
      return to > stretch.from && to <= stretch.to ? to : stretch.from
    },
    close() {
      for (const part of [words, plain, rows, answers, taken]) part.close()
    },
  }
}
