import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { UsageRow } from "../../../src/core/ledger.ts"
import { COLUMNS, fromColumns, INSERT_SQL, toValues } from "../../../src/storage/sqlite/columns.ts"
import { parseLines, rowLine } from "../../../src/storage/sqlite/lines.ts"
import {
  LATEST_VERSION,
  MIGRATIONS,
  migrate,
  versionOf,
} from "../../../src/storage/sqlite/migrations.ts"
import { temporaryDatabase, usageRow } from "./support.ts"

const fromValues = (values: readonly unknown[]) =>
  fromColumns(Object.fromEntries(COLUMNS.map((name, n) => [name, values[n]])))

const columnsOf = (db: Database) =>
  db
    .query<{ name: string }, []>("PRAGMA table_info(usage)")
    .all()
    .map(({ name }) => name)

describe("migrations", () => {
  test("are numbered from 1 without a gap", () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(
      Array.from({ length: LATEST_VERSION }, (_, n) => n + 1),
    )
  })

  test("make a column for each field of a usage row, and change nothing when run again", () => {
    using db = new Database(":memory:")
    migrate(db)
    const snake = (field: string) => field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
    expect(columnsOf(db)).toEqual(Object.keys(UsageRow.properties).map(snake))
    expect(columnsOf(db)).toEqual([...COLUMNS])
    expect(versionOf(db)).toBe(LATEST_VERSION)
    migrate(db)
    expect(columnsOf(db)).toEqual([...COLUMNS])
  })

  test("leave nothing when they fail halfway", () => {
    using db = new Database(":memory:")
    // In the way of the index, which is made after the table.
    db.run("CREATE TABLE usage_time (x)")
    expect(() => migrate(db)).toThrow(/usage_time/)
    expect(columnsOf(db)).toEqual([])
    expect(versionOf(db)).toBe(0)
  })

  test("wait for each other when two connections start at once", () => {
    using database = temporaryDatabase()
    using one = new Database(database.path)
    using two = new Database(database.path)
    migrate(one)
    migrate(two)
    expect(columnsOf(two)).toEqual([...COLUMNS])
  })
})

describe("a row", () => {
  test("is the same by way of the journal, whatever its texts and numbers are", () => {
    const rows = [
      usageRow("plain"),
      usageRow("route", {
        route: JSON.stringify({ text: 'a\tb\n"c"\u2028 名前', list: [1, null] }),
      }),
      usageRow("indented", { route: JSON.stringify({ a: [1] }, null, "\t") }),
      usageRow("texts", { client: '\t\n"\\,]', requested: "[", key: "", group: null }),
      usageRow("numbers", { cost: Number.MAX_SAFE_INTEGER, ttft: null, duration: 0.001, time: -1 }),
      usageRow("odd", { duration: Number.NaN, ttft: Infinity, input: 2.6, stream: false }),
    ]
    const { rows: values, documents, damaged } = parseLines(rows.map(rowLine).join(""))
    const all = [...values, ...documents.map(toValues)].map((row) => fromValues(row ?? []))
    expect(all).toHaveLength(rows.length)
    expect(damaged).toBe(0)
    for (const row of rows) expect(all).toContainEqual(fromValues(toValues(row) ?? []))
  })

  test("of an earlier version, with fewer values, keeps its route", () => {
    const line = rowLine(usageRow("old", { continued: 2, route: "{}" })).replace(",2,null]", "]")
    const [values] = parseLines(line).rows
    expect(fromValues(values ?? [])).toMatchObject({ id: "old", continued: 0, route: "{}" })
  })

  test("comes back from the table as it went in", () => {
    using db = new Database(":memory:")
    migrate(db)
    const rows = [
      usageRow("a"),
      usageRow("b", { key: null, cost: null, ttft: null, stream: false, usage: "missing" }),
      usageRow("c", { duration: 0.1, cost: 0, client: "" }),
    ]
    for (const row of rows) db.prepare(INSERT_SQL).run(...(toValues(row) ?? []))
    const records = db.query("SELECT * FROM usage ORDER BY id").all() as Record<string, unknown>[]
    expect(records.map(fromColumns)).toEqual(rows)
  })
})
