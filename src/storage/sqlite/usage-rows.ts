import type { Database } from "bun:sqlite"
import { INSERT_ROW, type Value } from "./columns.ts"
import type { ParsedRow } from "./lines.ts"
import type { Words } from "./words.ts"

/** An id that takes 16 bytes instead of 36 characters: all that the router gives. */
const SHORT = /^req_[0-9a-f]{32}$/
const SHORT_BEGIN = 4

const OLDER = `SELECT 1 FROM usage_3 WHERE "id" = ?`

/** The bytes of an id that the router gives; undefined of another one. */
export function bytesOfId(id: string): Uint8Array | undefined {
  return SHORT.test(id) ? Uint8Array.fromHex(id.slice(SHORT_BEGIN)) : undefined
}

/** Usage rows that are not plain, and those of earlier versions' journals. */
export interface UsageRows {
  /** Adds one, in the transaction that is open, unless it is there. Returns false when nobody can read of what kind it is. */
  add(row: ParsedRow): boolean
  /** The same of one that version 3 may have stored already. */
  addOnce(row: ParsedRow): boolean
  close(): void
}

/** Prepares the statements over an open database that is up to date. */
export function createUsageRows(db: Database, words: Words): UsageRows {
  const insertRow = db.prepare(INSERT_ROW)
  const older = db.prepare<unknown, [string]>(OLDER)

  function add({ own, kind: kindText, plan: planText, route }: ParsedRow): boolean {
    const kind = words.kindOf(kindText)
    if (kind === undefined) return false
    const plan = planText === null ? null : words.planOf(planText)
    const [id] = own as [string]
    const values: (Value | Uint8Array)[] = own
    values[0] = bytesOfId(id) ?? id
    values.push(kind, plan, plan === null && planText !== null ? planText + route : route)
    insertRow.run(values as never)
    return true
  }

  return {
    add,
    addOnce: (row) => older.get(row.own[0] as string) !== null || add(row),
    close() {
      for (const statement of [insertRow, older]) statement.finalize()
    },
  }
}
