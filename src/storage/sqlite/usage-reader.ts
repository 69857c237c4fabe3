import { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import type { UsageRow } from "../../core/ledger.ts"
import { fromColumns } from "./columns.ts"
import { DatabaseFailure } from "./failure.ts"
import { LATEST_VERSION } from "./latest-version.ts"
import { versionOf } from "./migrations.ts"
import { sharesOf } from "./shares.ts"
import { rangesOf } from "./usage-ranges.ts"

/** What usage can be summed up by. `day` is a day of UTC. */
export const DIMENSIONS = ["group", "deployment", "channel", "key", "client", "day"] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** The middle and the slow end of some durations, in milliseconds; null when there were none. */
export interface Percentiles {
  p50: number | null
  p95: number | null
}

/** Usage of all rows that agree in what they are summed up by. */
export interface UsageSummary {
  /** Values of the dimensions, in the order that was asked for; null is none. */
  by: (string | null)[]
  requests: number
  errors: number
  attempts: number
  input: number
  output: number
  cached: number
  reasoning: number
  /** Nano-USD, as far as prices are known. */
  cost: number
  /** Requests without a known cost. */
  unpriced: number
  /** Requests whose upstream reported no tokens. */
  unreported: number
  ttft: Percentiles
  duration: Percentiles
}

/** Read-only reports. It sees what is committed and never holds up the router that writes. */
export interface UsageReader {
  /**
   * Sums, the most requests first; by day, the last day first. No dimension gives one sum of all.
   * Requests and tokens count where the answer came from, cost where it was spent.
   * @param since milliseconds since 1970
   */
  summarise(by: readonly Dimension[], since: number): UsageSummary[]
  /** The last rows, newest first. */
  rows(since: number, limit: number): UsageRow[]
  /** One request and the mirrors of it; empty when there is no such id. */
  request(id: string): UsageRow[]
  /**
   * Nano-USD by provider, each where it was spent.
   * @param since milliseconds since 1970; -Infinity is the beginning
   */
  spentSince(since: number): ReadonlyMap<string, number>
  close(): void
}

/** Milliseconds that a read waits for a lock; writers hold one only while they recover a database. */
const BUSY_TIMEOUT_MS = 2000

const EXPRESSIONS: Readonly<Record<Dimension, string>> = {
  group: '"group"',
  deployment: '"deployment"',
  channel: '"channel"',
  key: '"key"',
  client: '"client"',
  day: `strftime('%Y-%m-%d', "time" / 1000, 'unixepoch')`,
}

/**
 * Opens a usage database for reports; undefined when the file does not exist.
 * @throws DatabaseFailure or SQLiteError when it is no usage database
 */
export function openUsageReader(path: string): UsageReader | undefined {
  if (!existsSync(path)) return undefined
  const db = new Database(path, { readonly: true })
  let version: number
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    version = versionOf(db)
    if (version === 0) throw new DatabaseFailure("failed", "it holds no usage of llmrouter")
    if (version > LATEST_VERSION) {
      throw new DatabaseFailure("newer", "it was written by a newer llmrouter; use that one")
    }
  } catch (thrown) {
    db.close()
    throw thrown
  }

  const ranges = rangesOf(db, version)
  const shares = sharesOf(ranges.table, ranges.since)

  function percentiles(column: string, by: readonly Dimension[], since: number) {
    const keys = columns(by)
    const all = ["one", ...names(by)].join(", ")
    // Nearest rank: the smallest value that at least so many per cent are not above.
    const sql = `
      WITH picked AS (SELECT ${["1 AS one", ...keys].join(", ")}, "${column}" AS value
        FROM ${ranges.table} WHERE ${ranges.since} AND "${column}" IS NOT NULL),
      ranked AS (SELECT *, row_number() OVER (PARTITION BY ${all} ORDER BY value) AS rank,
        count(*) OVER (PARTITION BY ${all}) AS total FROM picked)
      SELECT ${all}, min(value) FILTER (WHERE rank * 100 >= total * 50) AS p50,
        min(value) FILTER (WHERE rank * 100 >= total * 95) AS p95
      FROM ranked GROUP BY ${all}`
    const found = new Map<string, Percentiles>()
    for (const row of db.query<Record<string, unknown>, [number]>(sql).all(since)) {
      found.set(keyOf(row, by), { p50: row["p50"], p95: row["p95"] } as Percentiles)
    }
    return (key: string): Percentiles => found.get(key) ?? { p50: null, p95: null }
  }

  const all = (sql: string, ...values: (string | number)[]) =>
    db
      .query<Record<string, unknown>, (string | number)[]>(sql)
      .all(...values)
      .map(fromColumns)

  return {
    summarise(by, since) {
      const order = by[0] === "day" ? "by0 DESC" : "requests DESC"
      const sql = `
        SELECT ${[...columns(by), 'sum("requests") AS requests'].join(", ")},
          sum("errors") AS errors, sum("attempts") AS attempts, sum("input") AS input,
          sum("output") AS output, sum("cache_read") AS cached, sum("reasoning") AS reasoning,
          sum("cost") AS cost, sum("unpriced") AS unpriced, sum("unreported") AS unreported
        FROM (${shares})
        GROUP BY ${["1 = 1", ...names(by)].join(", ")}
        ORDER BY ${[order, ...names(by)].join(", ")}`
      // One snapshot for the three queries, however much is written meanwhile.
      return db.transaction(() => {
        const ttft = percentiles("ttft", by, since)
        const duration = percentiles("duration", by, since)
        return db
          .query<Record<string, unknown>, [number]>(sql)
          .all(since)
          .map((row): UsageSummary => {
            const key = keyOf(row, by)
            return {
              by: valuesOf(row, by),
              requests: row["requests"] as number,
              errors: row["errors"] as number,
              attempts: row["attempts"] as number,
              input: row["input"] as number,
              output: row["output"] as number,
              cached: row["cached"] as number,
              reasoning: row["reasoning"] as number,
              cost: row["cost"] as number,
              unpriced: row["unpriced"] as number,
              unreported: row["unreported"] as number,
              ttft: ttft(key),
              duration: duration(key),
            }
          })
      })()
    },
    rows(since, limit) {
      return db.transaction(() => {
        const oldest = db.query<{ time: number }, [number, number]>(ranges.oldestOf)
        const from = oldest.get(since, limit)?.time ?? since
        const sql = `SELECT * FROM ${ranges.table} WHERE ${ranges.since} ORDER BY "time" DESC, "id" DESC LIMIT ?2`
        return all(sql, from, limit)
      })()
    },
    spentSince(since) {
      const sql = `
        SELECT substr("deployment", 1, instr("deployment", '/') - 1) AS provider, sum("cost") AS cost
        FROM (${shares}) WHERE "deployment" IS NOT NULL GROUP BY provider HAVING sum("cost") > 0`
      const rows = db
        .query<{ provider: string; cost: number }, [number]>(sql)
        .all(Math.max(since, 0))
      return new Map(rows.map(({ provider, cost }) => [provider, cost]))
    },
    request(id) {
      let own: UsageRow[] = []
      for (const { sql, values } of ranges.withId(id)) {
        own = all(sql, ...values)
        if (own.length > 0) break
      }
      return [...own, ...all(ranges.mirrorsOf, id)]
    },
    close: () => db.close(),
  }
}

const names = (by: readonly Dimension[]) => by.map((_, n) => `by${n}`)

const columns = (by: readonly Dimension[]) =>
  by.map((dimension, n) => `${EXPRESSIONS[dimension]} AS by${n}`)

const valuesOf = (row: Readonly<Record<string, unknown>>, by: readonly Dimension[]) =>
  names(by).map((name) => row[name] as string | null)

const keyOf = (row: Readonly<Record<string, unknown>>, by: readonly Dimension[]) =>
  JSON.stringify(valuesOf(row, by))
