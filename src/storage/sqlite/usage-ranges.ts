import type { Database } from "bun:sqlite"
import { PLACES_OF_ID, SPAN_ROWS } from "./plain-rows.ts"
import { bytesOfId } from "./usage-rows.ts"

/** Since when `usage` is a view, and since when most of its rows lie in spans. */
const SPLIT_VERSION = 4
const PLACED_VERSION = 5

/** Milliseconds that a request's time may differ from that of its id. */
const NEAR_MS = 1000
/** The same where somebody has put the clock back. */
const FAR_MS = 3_600_000

/** Where rows are that are in no span: in tables with indexes. */
const UNPLACED = "9223372036854775807"

/** A look for a row. */
export interface Look {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** Which rows to look at, in a database of any version. */
export interface UsageRanges {
  /** All rows, as in `usage`. */
  readonly table: string
  /** The condition that they are since `?1`, in milliseconds since 1970. Few others are looked at. */
  readonly since: string
  /** SQL of what `since` has to be for so many of the last rows: `?1` is the one that is asked for, `?2` how many. */
  readonly oldestOf: string
  /** SQL and values to find a row by its id, the cheaper ones first. */
  withId(id: string): Iterable<Look>
  /** SQL of the mirrors of `?`. */
  readonly mirrorsOf: string
}

const SINCE = `"time" >= ?1`
const SINCE_PLACED = `${SINCE} AND "at" >= (SELECT
  coalesce(min("span") * ${SPAN_ROWS}, ${UNPLACED}) FROM usage_spans WHERE "latest" >= ?1)`

/** @param times SQL of times since `?1`, in indexes alone, among which are the last ones of all rows */
const oldestOf = (times: string) => `
  SELECT CASE WHEN count(*) < ?2 THEN ?1 ELSE min("time") END AS "time" FROM
    (SELECT "time" FROM (${times}) WHERE "time" >= ?1 ORDER BY "time" DESC LIMIT ?2)`

const INDEXED_TIMES = `SELECT "time" FROM usage_rows UNION ALL SELECT "time" FROM usage_3`
// As many rows as the last ones that came are at least as young as the oldest of these.
const PLACED_TIMES = `SELECT * FROM (SELECT "time" FROM usage_plain ORDER BY "at" DESC LIMIT ?2)`

/** @param version of the database */
export function rangesOf(db: Database, version: number): UsageRanges {
  if (version < PLACED_VERSION) {
    return {
      table: "usage",
      since: SINCE,
      oldestOf: oldestOf(version < SPLIT_VERSION ? `SELECT "time" FROM usage` : INDEXED_TIMES),
      *withId(id) {
        for (const times of timesOf(id)) yield indexedLook("usage", "1", id, times)
      },
      mirrorsOf: `SELECT * FROM usage WHERE "mirror_of" = ?`,
    }
  }
  const isUnplaced = `"at" = ${UNPLACED}`
  const places = db.query<{ at: number }, [number, number, Uint8Array]>(PLACES_OF_ID)
  return {
    table: "usage_placed",
    since: SINCE_PLACED,
    oldestOf: oldestOf(`${INDEXED_TIMES} UNION ALL ${PLACED_TIMES}`),
    *withId(id) {
      const bytes = bytesOfId(id)
      for (const times of timesOf(id)) {
        const found = bytes && times ? places.all(...times, bytes) : []
        for (const { at } of found) {
          yield { sql: `SELECT * FROM usage_placed WHERE "at" = ?`, values: [at] }
        }
        yield indexedLook("usage_placed", isUnplaced, id, times)
      }
    },
    mirrorsOf: `SELECT * FROM usage_placed WHERE ${isUnplaced} AND "mirror_of" = ?`,
  }
}

type Times = readonly [from: number, to: number]

/** Not all tables have an index of ids: a row is found by its time, which most ids tell. */
function indexedLook(table: string, condition: string, id: string, times?: Times): Look {
  const sql = `SELECT * FROM ${table} WHERE ${condition} AND "id" = ?1`
  if (!times) return { sql, values: [id] }
  return { sql: `${sql} AND "time" BETWEEN ?2 AND ?3`, values: [id, ...times] }
}

/** When a request came, first to the second and then to the hour; undefined where its id does not say it. */
function timesOf(id: string): readonly (Times | undefined)[] {
  const digits = /^req_([0-9a-f]{12})7/.exec(id)?.[1]
  if (digits === undefined) return [undefined]
  const time = Number.parseInt(digits, 16)
  return [NEAR_MS, FAR_MS].map((around) => [time - around, time + around])
}
