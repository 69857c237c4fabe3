import type { Database } from "bun:sqlite"
import { INSERT_KIND, soundKind } from "./columns.ts"

/** Kinds, and plans, whose places are remembered; then all are forgotten. */
const MOST = 1024

const INSERT_PLAN = `INSERT INTO usage_plans ("text") VALUES (?)`

/** What rows have in common, kept once. */
export interface Words {
  /** The place of a kind, from values of `KIND_FIELDS` as JSON; undefined when it is none. */
  kindOf(text: string): number | undefined
  /** The place of a route's beginning; null when the row has to keep it itself. */
  planOf(text: string): number | null
  /** Forgets what a transaction has added that did not end well. */
  forget(): void
  close(): void
}

/** Prepares the statements over an open database that is up to date. */
export function createWords(db: Database): Words {
  const insertKind = db.prepare(INSERT_KIND)
  const insertPlan = db.prepare(INSERT_PLAN)
  const kinds = new Map<string, number>()
  /** 0 is one that was seen once: it is worth a row of its own when it comes again. */
  const plans = new Map<string, number>()

  return {
    kindOf(text) {
      const known = kinds.get(text)
      if (known !== undefined) return known
      const values = parse(text)
      if (!Array.isArray(values)) return undefined
      const kind = Number(insertKind.run(soundKind(values) as never).lastInsertRowid)
      if (kinds.size >= MOST) kinds.clear()
      kinds.set(copyOf(text), kind)
      return kind
    },
    planOf(text) {
      const known = plans.get(text)
      if (known) return known
      if (plans.size >= MOST) plans.clear()
      const plan = known === 0 ? Number(insertPlan.run(text).lastInsertRowid) : 0
      plans.set(copyOf(text), plan)
      return plan || null
    },
    forget() {
      kinds.clear()
      plans.clear()
    },
    close() {
      for (const statement of [insertKind, insertPlan]) statement.finalize()
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
