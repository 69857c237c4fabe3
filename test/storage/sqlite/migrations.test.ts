import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { UsageRow } from "../../../src/core/ledger.ts"
import { COLUMNS, fromColumns } from "../../../src/storage/sqlite/columns.ts"
import { parseLines } from "../../../src/storage/sqlite/lines.ts"
import { rowLine } from "../../../src/storage/sqlite/row-line.ts"
import { LATEST_VERSION } from "../../../src/storage/sqlite/latest-version.ts"
import { MIGRATIONS, migrate, versionOf } from "../../../src/storage/sqlite/migrations.ts"
import { segmentPath } from "../../../src/storage/sqlite/journal-files.ts"
import { createWrittenSegment } from "../../../src/storage/sqlite/segment.ts"
import { openUsageReader } from "../../../src/storage/sqlite/usage-reader.ts"
import { createTables } from "../../../src/storage/sqlite/tables.ts"
import { open, ownId, pendingFiles, temporaryDatabase, usageRow } from "./support.ts"

/** What the table has of lines of the journal, in the order of their ids. */
function stored(text: string) {
  using db = new Database(":memory:")
  migrate(db)
  const tables = createTables(db, "")
  const damaged = tables.insert(Buffer.from(text), 0)
  tables.close()
  const found = db.query("SELECT * FROM usage ORDER BY id").all() as Record<string, unknown>[]
  return { rows: found.map(fromColumns), damaged }
}

/** A database as version 3 made it, with rows and what was in its journal. */
function older(path: string, ids: readonly string[]): void {
  using db = new Database(path)
  for (const { version, sql } of MIGRATIONS.slice(0, 3)) {
    db.run(sql)
    db.run(`PRAGMA user_version = ${version}`)
  }
  for (const id of ids) db.run(`INSERT INTO usage ${OLDER}`, [id, `{"of":"${id}"}`])
}

const OLDER = `VALUES (?, 1790000000000, 'k', 'chat', 'fast', 'fast', 'acme/large', 'acme/large#0', 200,
  NULL, 1, 1, 120.5, 900.25, 1000, 200, 400, 10, 50, 'reported', 7, 'test/1.0', 0, 0, NULL, ?)`

/** A line of version 3's journal. */
const olderLine = (id: string) =>
  `${JSON.stringify([
    ...[id, 1_790_000_000_000, "k", "chat", "fast", "fast", "acme/large", "acme/large#0", 200],
    ...[null, true, 1, 120.5, 900.25, 1000, 200, 400, 10, 50, "reported", 7, "test/1.0", 0, 2],
    null,
  ])}\t{"of":"${id}"}\n`

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

describe("a database of version 3", () => {
  test("is read before and after it is brought up to date, beside new rows", async () => {
    using database = temporaryDatabase()
    older(database.path, ["a", "b"])
    const before = openUsageReader(database.path)!
    expect(before.rows(0, 9).map(({ id }) => id)).toEqual(["b", "a"])
    expect(before.request("a")).toMatchObject([{ id: "a", route: '{"of":"a"}', cost: 7 }])
    before.close()

    const { ledger } = await open(database.path)
    ledger.record(usageRow("c", { mirrorOf: "a", time: 1_790_000_000_001 }))
    await ledger.close()
    const after = openUsageReader(database.path)!
    expect(after.rows(0, 9).map(({ id }) => id)).toEqual(["c", "b", "a"])
    expect(after.rows(0, 2).map(({ id }) => id)).toEqual(["c", "b"])
    expect(after.request("a").map(({ id }) => id)).toEqual(["a", "c"])
    expect(after.summarise(["key"], 0)).toMatchObject([
      { by: ["k"], requests: 2, input: 2000, cost: 14 },
      { by: [null], requests: 1 },
    ])
    after.close()
  })

  test("gets the lines of its journal once, also those that it has already", async () => {
    using database = temporaryDatabase()
    older(database.path, ["a"])
    const segment = createWrittenSegment(segmentPath(database.path, "00000000", 1), 1, 1_048_576)
    for (const id of ["a", "b"]) segment.append(olderLine(id))
    segment.close(false)
    const { ledger, log } = await open(database.path)
    await ledger.close()
    using db = new Database(database.path, { readonly: true })
    const rows = db.query("SELECT id, stream, continued, route FROM usage ORDER BY id").all()
    expect(rows).toEqual([
      { id: "a", stream: 1, continued: 0, route: '{"of":"a"}' },
      { id: "b", stream: 1, continued: 2, route: '{"of":"b"}' },
    ])
    expect(log.matching(/damaged/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  })
})

describe("a database of version 4", () => {
  const begin = 1_790_000_000_000
  const shared = ownId("shared", begin)
  const plan = '["p",0,[],\t'
  const rows = [
    usageRow(ownId("alone", begin), { time: begin, route: "[1]", ttft: 0.5 }),
    usageRow(shared, { time: begin + 1, route: `${plan}[1]]`, cost: null }),
    usageRow("text", { time: begin + 2, mirrorOf: shared }),
  ]

  /** Makes one as it was, with these rows. */
  function older4(path: string): void {
    using db = new Database(path)
    for (const { version, sql } of MIGRATIONS.slice(0, 4)) {
      db.run(sql)
      db.run(`PRAGMA user_version = ${version}`)
    }
    db.run(`INSERT INTO usage_kinds VALUES (5, NULL, 'chat', 'fast', 'fast', 'acme/large', 'acme/large#0',
      200, NULL, 1, 1, 'reported', 'test/1.0', 0)`)
    db.run("INSERT INTO usage_plans VALUES (7, ?)", [plan])
    for (const { id, time, ttft, cost, mirrorOf, route } of rows) {
      const isShared = route?.startsWith(plan)
      const own = id.startsWith("req_") ? Uint8Array.fromHex(id.slice(4)) : id
      db.run(
        `INSERT INTO usage_rows VALUES (?, ?, ?, 900.25, 1000, 200, 400, 10, 50, ?, 0, ?, 5, ?, ?)`,
        [
          ...[own, time, ttft, cost, mirrorOf, isShared ? 7 : null],
          isShared ? route!.slice(plan.length) : route,
        ],
      )
    }
  }

  test("is read before and after it is brought up to date, beside new rows", async () => {
    using database = temporaryDatabase()
    older4(database.path)
    const read = (last: readonly UsageRow[]) => {
      const reader = openUsageReader(database.path)!
      const all = [...rows, ...last].reverse()
      expect(reader.rows(0, 9)).toEqual(all)
      expect(reader.rows(0, 2)).toEqual(all.slice(0, 2))
      expect(reader.rows(begin + 1, 9)).toEqual(all.slice(0, -1))
      expect(reader.request(shared)).toEqual([rows[1]!, rows[2]!])
      expect(reader.request(rows[0]!.id)).toEqual([rows[0]!])
      expect(reader.request(ownId("nobody", begin))).toEqual([])
      expect(reader.summarise([], 0)).toMatchObject([{ requests: all.length, unpriced: 1 }])
      reader.close()
    }
    read([])
    const { ledger } = await open(database.path)
    const last = [
      usageRow(ownId("new", begin + 3), { time: begin + 3, route: `${plan}[1]]` }),
      usageRow("new text", { time: begin + 4 }),
    ]
    for (const row of last) ledger.record(row)
    await ledger.close()
    read(last)
  })

  test("gets the lines of its journal once, also those that it has already", async () => {
    using database = temporaryDatabase()
    older4(database.path)
    const segment = createWrittenSegment(segmentPath(database.path, "00000000", 1), 1, 1_048_576)
    const last = usageRow(ownId("last", begin + 9), { time: begin + 9, route: `${plan}[2]]` })
    for (const row of [...rows, last]) segment.append(rowLine(row))
    segment.close(false)
    const { ledger, log } = await open(database.path)
    await ledger.close()
    const reader = openUsageReader(database.path)!
    expect(reader.rows(0, 9)).toEqual([...rows, last].reverse())
    reader.close()
    expect(log.matching(/damaged/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  })
})

describe("a row", () => {
  test("is the same by way of the journal, whatever its texts and numbers are", () => {
    const rows = [
      usageRow("indented", { route: JSON.stringify({ a: [1] }, null, "\t") }),
      usageRow("numbers", { cost: Number.MAX_SAFE_INTEGER, ttft: null, duration: 0.001, time: -1 }),
      usageRow("plain"),
      usageRow(`req_${"0af".repeat(10)}b9`),
      usageRow(`req_${"0AF".repeat(10)}b9`, { mirrorOf: "=\t" }),
      usageRow("route", {
        route: JSON.stringify({ text: 'a\tb\n"c"\u2028 名前', list: [1, null] }),
      }),
      usageRow("shared 1", { route: '["p",0,[],\t[]]' }),
      usageRow("shared 2", { route: '["p",0,[],\t[1]]' }),
      usageRow("shared 3", { route: '["p",0,[],\t[2]]' }),
      usageRow("texts", { client: '\t\n"\\,]', requested: "[", key: "", group: null }),
      usageRow('\t"=', { usage: "missing", stream: false }),
    ].sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(stored(rows.map(rowLine).join(""))).toEqual({ rows, damaged: 0 })
  })

  test("with numbers that are none, or not whole, is kept with others", () => {
    const odd = usageRow("odd", { duration: Number.NaN, ttft: Infinity, stream: false })
    const half = usageRow("whole", { input: 2.6, cacheRead: 1e300 })
    expect(stored([odd, half].map(rowLine).join(""))).toEqual({
      rows: [
        { ...odd, duration: 0, ttft: null },
        { ...half, input: 3, cacheRead: Number.MAX_SAFE_INTEGER },
      ],
      damaged: 0,
    })
  })

  test("of a kind that thousands are not is the same, too", () => {
    const rows = Array.from({ length: 9000 }, (_, n) =>
      usageRow(`row-${String(n % 4500).padStart(4, "0")}`, {
        time: n < 4500 ? 1 : 2,
        client: `client ${n % 4500}`,
        route: `["p",${n % 4500},[],\t[${n}]]`,
      }),
    )
    const key = ({ id, time }: UsageRow) => `${id} ${time}`
    const found = new Map(stored(rows.map(rowLine).join("")).rows.map((row) => [key(row), row]))
    for (const row of rows) expect(found.get(key(row))).toEqual(row)
  })

  test("that is damaged leaves the others as they are", () => {
    const [one, two] = [rowLine(usageRow("one")), rowLine(usageRow("two"))]
    const text = [one, "=", two.slice(0, 30), '=["x"]\t[]', two].join("\n")
    expect(stored(text).rows.map(({ id }) => id)).toEqual(["one", "two"])
    expect(parseLines(text).damaged).toBe(3)
  })
})
