import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { rowLine } from "../../../src/storage/sqlite/row-line.ts"
import { migrate } from "../../../src/storage/sqlite/migrations.ts"
import { createPlainLines, LONGEST_PLAIN } from "../../../src/storage/sqlite/plain-lines.ts"
import { createTables, type Tables } from "../../../src/storage/sqlite/tables.ts"
import { ownId, usageRow } from "./support.ts"

const CHUNK_BYTES = 1_048_576
const CHUNKS = 150

/** A line of a row that has words of its own. */
const LINES = {
  plain(n: number): string {
    const bytes = Buffer.alloc(LONGEST_PLAIN)
    const over = { client: `client ${n}`, route: `["p",${n},[],\t[]]` }
    const length = createPlainLines().put(usageRow(ownId(`row-${n}`), over), undefined, bytes)
    return bytes.toString("utf8", 0, length)
  },
  other: (n: number) =>
    rowLine(usageRow(`row-${n}`, { client: `client ${n}`, route: `["p",${n},[],\t[]]` })),
}

/** Adds the row of a text as long as those that the writer reads at once. */
function addFrom(tables: Tables, line: string): void {
  tables.insert(Buffer.from(`${line}${"x".repeat(CHUNK_BYTES)}\n`), 0)
}

test.each(["plain", "other"] as const)(
  "what is remembered of a %s row does not keep what it was read with in memory",
  (sort) => {
    using db = new Database(":memory:")
    migrate(db)
    const tables = createTables(db, "")
    const used = (from: number, to: number) => {
      for (let n = from; n < to; n++) addFrom(tables, LINES[sort](n))
      Bun.gc(true)
      return process.memoryUsage.rss()
    }
    const before = used(0, 30)
    expect(used(30, 30 + CHUNKS) - before).toBeLessThan((CHUNKS * CHUNK_BYTES) / 3)
    tables.close()
  },
)

test("a row is there once, though its transaction is made again", () => {
  using db = new Database(":memory:")
  migrate(db)
  const tables = createTables(db, "")
  const lines = [1, 2, 3].flatMap((n) => [LINES.plain(n), LINES.other(n)])
  // Each of them twice: what comes again has a word of its own.
  const bytes = Buffer.from([...lines, ...lines].join(""))
  db.run(`CREATE TRIGGER full BEFORE INSERT ON usage_rows WHEN new."id" = 'row-3'
    BEGIN SELECT raise(ABORT, 'as a full disk'); END`)
  expect(() => tables.insert(bytes, 0)).toThrow("as a full disk")
  expect(db.query("SELECT id FROM usage").all()).toEqual([])
  db.run("DROP TRIGGER full")
  for (let times = 0; times < 2; times++) expect(tables.insert(bytes, 0)).toBe(0)
  const found = db.query("SELECT id, client, route FROM usage").all() as { id: string }[]
  const wanted = [1, 2, 3].flatMap((n) => {
    const rest = { client: `client ${n}`, route: `["p",${n},[],\t[]]` }
    return [ownId(`row-${n}`), `row-${n}`].map((id) => ({ id, ...rest }))
  })
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  expect(found.sort(byId)).toEqual(wanted.sort(byId))
  tables.close()
})
