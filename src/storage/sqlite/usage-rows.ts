import type { Database } from "bun:sqlite"
import { INSERT_KIND, INSERT_ROW, soundKind, type Value } from "./columns.ts"
import type { ParsedRow } from "./lines.ts"

/** Kinds, and plans, whose places are remembered; then all are forgotten. */
const MOST = 1024

/** An id that takes 16 bytes instead of 36 characters: all that the router gives. */
const SHORT = /^req_[0-9a-f]{32}$/
const SHORT_BEGIN = 4

const INSERT_PLAN = `INSERT INTO usage_plans ("text") VALUES (?)`
const OLDER = `SELECT 1 FROM usage_3 WHERE "id" = ?`

/** Usage rows as rows of tables. */
export interface UsageRows {
  /** Adds one, in the transaction that is open. Returns false when nobody can read of what kind it is. */
  add(row: ParsedRow): boolean
  /** The same of one that an earlier version may have stored already. */
  addOnce(row: ParsedRow): boolean
  /** Forgets what a transaction has added that did not end well. */
  forget(): void
  close(): void
}

/** Prepares the statements over an open database that is up to date. */
export function createUsageRows(db: Database): UsageRows {
  const insertRow = db.prepare(INSERT_ROW)
  const insertKind = db.prepare(INSERT_KIND)
  const insertPlan = db.prepare(INSERT_PLAN)
  const older = db.prepare<unknown, [string]>(OLDER)
  const kinds = new Map<string, number>()
  /** 0 is one that was seen once: it is worth a row of its own when it comes again. */
  const plans = new Map<string, number>()

  function kindOf(text: string): number | undefined {
    const known = kinds.get(text)
    if (known !== undefined) return known
    const values = parse(text)
    if (!Array.isArray(values)) return undefined
    const kind = Number(insertKind.run(soundKind(values) as never).lastInsertRowid)
    if (kinds.size >= MOST) kinds.clear()
    kinds.set(copyOf(text), kind)
    return kind
  }

  function planOf(text: string): number | null {
    const known = plans.get(text)
    if (known) return known
    if (plans.size >= MOST) plans.clear()
    const plan = known === 0 ? Number(insertPlan.run(text).lastInsertRowid) : 0
    plans.set(copyOf(text), plan)
    return plan || null
  }

  function add({ own, kind: kindText, plan: planText, route }: ParsedRow): boolean {
    const kind = kindOf(kindText)
    if (kind === undefined) return false
    const plan = planText === null ? null : planOf(planText)
    const [id] = own as [string]
    const values: (Value | Uint8Array)[] = own
    if (SHORT.test(id)) values[0] = Uint8Array.fromHex(id.slice(SHORT_BEGIN))
    values.push(kind, plan, plan === null && planText !== null ? planText + route : route)
    insertRow.run(values as never)
    return true
  }

  return {
    add,
    addOnce: (row) => older.get(row.own[0] as string) !== null || add(row),
    forget() {
      kinds.clear()
      plans.clear()
    },
    close() {
      for (const statement of [insertRow, insertKind, insertPlan, older]) statement.finalize()
    },
  }
}

/** Text for itself: a part of a longer one, such as a line of the journal, would keep all of that in memory. */
const copyOf = (text: string) => Buffer.from(text).toString()

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
