import type { Database } from "bun:sqlite"
import type { StoredAnswer } from "../../core/answer-store.ts"
import type { AnswerKey, AnswerLine } from "./messages.ts"

/** Most expired answers that one look removes, so that it never holds the lock for long. */
const SWEEP_ROWS = 500

/** Stored answers as rows of a table. */
export interface AnswerRows {
  /** Takes a line of the journal. Returns whether it was about an answer. */
  apply(line: unknown): boolean
  find(key: AnswerKey, now: number): StoredAnswer | undefined
  /** Whether some caller has an answer of this id. */
  has(id: string, now: number): boolean
  /** Removes answers that have expired, the oldest first. */
  sweep(now: number): void
  close(): void
}

interface Row {
  protocol: string
  created: number
  expires: number
  channel: string | null
  input: Uint8Array
  answer: Uint8Array
}

const INSERT = `INSERT OR REPLACE INTO answers
  ("id", "caller", "protocol", "created", "expires", "channel", "input", "answer")
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const DELETE = `DELETE FROM answers WHERE "id" = ? AND "caller" = ?`
const SELECT = `SELECT "protocol", "created", "expires", "channel", "input", "answer" FROM answers
  WHERE "id" = ? AND "caller" = ? AND "expires" > ?`
const HAS = `SELECT 1 FROM answers WHERE "id" = ? AND "expires" > ? LIMIT 1`
const SWEEP = `DELETE FROM answers WHERE rowid IN
  (SELECT rowid FROM answers WHERE "expires" <= ? ORDER BY "expires" LIMIT ${SWEEP_ROWS})`

const pack = (text: string) => Bun.zstdCompressSync(text)
const unpack = (bytes: Uint8Array) => Bun.zstdDecompressSync(bytes).toString("utf8")

/** Prepares the statements over an open database that is up to date. */
export function createAnswerRows(db: Database): AnswerRows {
  const insert = db.prepare(INSERT)
  const remove = db.prepare(DELETE)
  const select = db.prepare<Row, [string, string, number]>(SELECT)
  const has = db.prepare<unknown, [string, number]>(HAS)
  const sweep = db.prepare(SWEEP)

  return {
    apply(line) {
      if (!isAnswerLine(line)) return false
      if ("forgotten" in line) {
        remove.run(line.forgotten.id, line.forgotten.caller ?? "")
        return true
      }
      const { id, caller, protocol, created, expires, channel, input, answer } = line.kept
      insert.run(
        ...([id, caller ?? "", protocol, Math.round(created), Math.round(expires)] as const),
        ...([channel, pack(input), pack(answer)] as const),
      )
      return true
    },
    find({ id, caller }, now) {
      const row = select.get(id, caller ?? "", now)
      if (!row) return undefined
      return { ...row, id, caller, input: unpack(row.input), answer: unpack(row.answer) }
    },
    has: (id, now) => has.get(id, now) !== null,
    sweep: (now) => void sweep.run(now),
    close() {
      for (const statement of [insert, remove, select, has, sweep]) statement.finalize()
    },
  }
}

/** Whether a line is about an answer. One that is not all there is left out: one that the table refuses would hold up the others. */
export function isAnswerLine(line: unknown): line is AnswerLine {
  if (!isRecord(line)) return false
  if ("forgotten" in line) return isRecord(line["forgotten"]) && isKey(line["forgotten"])
  const { kept } = line
  if (!isRecord(kept) || !isKey(kept)) return false
  const texts = [kept["protocol"], kept["input"], kept["answer"], kept["channel"] ?? ""]
  const times = [kept["created"], kept["expires"]]
  return texts.every((text) => typeof text === "string") && times.every(Number.isFinite)
}

const isKey = ({ id, caller }: Readonly<Record<string, unknown>>) =>
  typeof id === "string" && (caller === null || typeof caller === "string")

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}
