import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { parseLines, rowLine } from "../../../src/storage/sqlite/lines.ts"
import { migrate } from "../../../src/storage/sqlite/migrations.ts"
import { createUsageRows, type UsageRows } from "../../../src/storage/sqlite/usage-rows.ts"
import { usageRow } from "./support.ts"

const CHUNK_BYTES = 1_048_576
const CHUNKS = 150

/** Adds the row of a text as long as those that the writer reads at once. */
function addFrom(usage: UsageRows, n: number): void {
  const over = { client: `client ${n}`, route: `["p",${n},[],\t[]]` }
  const line = rowLine(usageRow(`row-${n}`, over))
  const text = Buffer.from(`${line}${"x".repeat(CHUNK_BYTES)}\n`).toString()
  for (const row of parseLines(text).rows) usage.add(row)
}

test("what is remembered of a row does not keep what it was read with in memory", () => {
  using db = new Database(":memory:")
  migrate(db)
  const usage = createUsageRows(db)
  const used = (from: number, to: number) => {
    for (let n = from; n < to; n++) addFrom(usage, n)
    Bun.gc(true)
    return process.memoryUsage.rss()
  }
  const before = used(0, 30)
  expect(used(30, 30 + CHUNKS) - before).toBeLessThan((CHUNKS * CHUNK_BYTES) / 3)
  usage.close()
})

test("a row is there once, though its transaction is made again", () => {
  using db = new Database(":memory:")
  migrate(db)
  const usage = createUsageRows(db)
  const texts = ["a", "b", "c"].map((id) => rowLine(usageRow(id, { route: '["p",0,[],\t[]]' })))
  const add = db.transaction((fails: boolean) => {
    for (const row of parseLines(texts.join("")).rows) usage.add(row)
    if (fails) throw new Error("as a full disk")
  })
  expect(() => add(true)).toThrow("as a full disk")
  usage.forget()
  for (let times = 0; times < 2; times++) add(false)
  const found = db.query("SELECT id, client, route FROM usage ORDER BY id").all()
  const rest = { client: "test/1.0", route: '["p",0,[],\t[]]' }
  expect(found).toEqual(["a", "b", "c"].map((id) => ({ id, ...rest })))
  usage.close()
})
