import type { Database } from "bun:sqlite"
import { INSERT_PLAIN } from "./columns.ts"
import type { PlainRow } from "./plain-reader.ts"
import type { Words } from "./words.ts"

/** Rows of one span. */
export const SPAN_ROWS = 4096

const LAST = `SELECT coalesce(max("at"), 0) AS "last" FROM usage_plain`
const INSERT_SPAN = `INSERT INTO usage_spans ("span", "earliest", "latest") VALUES (?, ?, ?)
  ON CONFLICT ("span") DO UPDATE SET "earliest" = min("earliest", excluded."earliest"),
    "latest" = max("latest", excluded."latest")`

/** SQL of what follows a `SELECT`: all rows with times between `?1` and `?2`, and some others. */
const BETWEEN = `FROM usage_spans AS span
  CROSS JOIN usage_plain AS own ON own."at" BETWEEN span."span" * ${SPAN_ROWS}
    AND span."span" * ${SPAN_ROWS} + ${SPAN_ROWS - 1}
  WHERE span."latest" >= ?1 AND span."earliest" <= ?2`

/** SQL of the places of rows with such a time whose id has the bytes `?3`. */
export const PLACES_OF_ID = `SELECT own."at" ${BETWEEN} AND +own."id" = ?3`

/** Rows of nearly all requests, in the order in which they come. */
export interface PlainRows {
  /** Before the first one of a transaction. */
  begin(): void
  /** Returns false when nobody can read of what kind it is. */
  add(row: PlainRow): boolean
  /** The same, for rows between two times, of one that may be there. */
  adderOfNew(earliest: number, latest: number): (row: PlainRow) => boolean
  /** After the last one of a transaction. */
  end(): void
  close(): void
}

/** Prepares the statements over an open database that is up to date. */
export function createPlainRows(db: Database, words: Words): PlainRows {
  const insert = db.prepare(INSERT_PLAIN)
  const insertSpan = db.prepare(INSERT_SPAN)
  const last = db.prepare<{ last: number }, []>(LAST)
  const ids = db.prepare<{ id: Uint8Array }, [number, number]>(`SELECT own."id" ${BETWEEN}`)
  const values: (string | number | Uint8Array | null)[] = []
  let at = 0
  /** Of the span that rows are being added to. */
  let count = 0
  let earliest = 0
  let latest = 0

  function noteSpan(): void {
    if (count > 0) insertSpan.run(Math.floor(at / SPAN_ROWS), earliest, latest)
    count = 0
  }

  function add(row: PlainRow): boolean {
    const kind = words.kindOf(row.kind)
    if (kind === undefined) return false
    const plan = row.plan === null ? null : words.planOf(row.plan)
    if ((at + 1) % SPAN_ROWS === 0) noteSpan()
    at++
    if (count++ === 0) earliest = latest = row.time
    else if (row.time < earliest) earliest = row.time
    else if (row.time > latest) latest = row.time
    values[0] = at
    values[1] = row.id
    values[2] = row.time
    values[3] = row.ttft
    values[4] = row.duration
    values[5] = row.input
    values[6] = row.output
    values[7] = row.cacheRead
    values[8] = row.cacheWrite
    values[9] = row.reasoning
    values[10] = row.cost
    values[11] = row.wasted
    values[12] = kind
    values[13] = plan
    values[14] = plan === null && row.plan !== null ? row.plan + row.route : row.route
    insert.run(values as never)
    return true
  }

  return {
    begin() {
      count = 0
      // Another process may have added some.
      at = last.get()?.last ?? 0
    },
    add,
    adderOfNew(from, to) {
      const known = new Set(ids.all(from, to).map(({ id }) => id.toHex()))
      return (row) => {
        const id = row.id.toHex()
        if (known.has(id)) return true
        known.add(id)
        return add(row)
      }
    },
    end: noteSpan,
    close() {
      for (const statement of [insert, insertSpan, last, ids]) statement.finalize()
    },
  }
}
