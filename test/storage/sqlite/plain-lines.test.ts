import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { UsageRow } from "../../../src/core/ledger.ts"
import type { AttemptRecord } from "../../../src/core/route-record.ts"
import { beginOf, packPlan, packRoute } from "../../../src/core/route-text.ts"
import { createPlainLines, LONGEST_PLAIN } from "../../../src/storage/sqlite/plain-lines.ts"
import { createPlainReader } from "../../../src/storage/sqlite/plain-reader.ts"
import { HEADER_BYTES, TAKEN } from "../../../src/storage/sqlite/segment.ts"
import { openUsageReader } from "../../../src/storage/sqlite/usage-reader.ts"
import {
  holdLock,
  open,
  ownId,
  pendingFiles,
  startProgram,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

const scratch = Buffer.alloc(LONGEST_PLAIN)

/** The lines of rows that follow each other; undefined where one of them is not plain. */
function linesOf(rows: readonly UsageRow[], most?: number): Buffer | undefined {
  const lines = createPlainLines(most)
  const parts: Buffer[] = []
  for (const row of rows) {
    const length = lines.put(row, undefined, scratch)
    if (length === 0) return undefined
    parts.push(Buffer.from(scratch.subarray(0, length)))
  }
  return Buffer.concat(parts)
}

const plain = (name: string, over: Partial<UsageRow> = {}) => usageRow(ownId(name), over)

const ROWS = [
  plain("usual"),
  plain("numbers", { ttft: null, cost: null, duration: 0.001, time: 0, input: 2 ** 40 }),
  plain("nothing", { cacheRead: 0, cacheWrite: 0, reasoning: 0, cost: null, input: 0, output: 0 }),
  plain("free", { cacheRead: 0, cacheWrite: 0, reasoning: 0, cost: 0 }),
  plain("wasted", { cacheRead: 0, cacheWrite: 0, reasoning: 0, cost: null, wasted: 1 }),
  plain("large", { cost: Number.MAX_SAFE_INTEGER - 4_000_000_000_000, duration: 2_147_483.648 }),
  plain("whole route", { route: "[1]" }),
  plain("route", { route: JSON.stringify({ text: 'a\tb\n"c"\u2028 名前', list: [1, null] }) }),
  plain("shared 1", { route: '["名",0,[],\t[1]]' }),
  plain("shared 2", { route: '["名",0,[],\t["名前"]]' }),
  plain("shared 3", { route: '["名",0,[],\t]' }),
  plain("texts", { client: '\t\n"\\,]#+', requested: "名", key: "", group: null, stream: false }),
]

const ATTEMPT: AttemptRecord = {
  channel: "openai/gpt#ab12",
  why: "first",
  began: 0.12,
  duration: 250.5,
  ttft: null,
  outcome: "ok",
  status: null,
  message: null,
  wasted: 0,
  cost: null,
}
const FAILED: AttemptRecord = { ...ATTEMPT, outcome: "upstream-error", status: 500, message: "名" }
const PLAN = { strategy: "round-robin", candidates: [], more: 3 }
const ATTEMPTS: Readonly<Record<string, readonly AttemptRecord[]>> = {
  one: [ATTEMPT],
  another: [{ ...ATTEMPT, began: 0, duration: 1e6 + 0.125, ttft: 3.5 }],
  failed: [FAILED],
  two: [FAILED, { ...ATTEMPT, why: "next" }],
  none: [],
  "too long": [{ ...FAILED, message: "x".repeat(LONGEST_PLAIN) }],
}

describe("a plain row", () => {
  test.each([2, 3, 1024])("is the same by way of the ledger, with %d words at a time", (most) => {
    const text = linesOf(ROWS, most)!
    const names: string[] = []
    const read = createPlainReader().read(text, ({ id }) =>
      names.push(Buffer.from(id).toString("hex")),
    )
    expect(read).toEqual({ others: "", damaged: 0 })
    expect(names).toEqual(ROWS.map(({ id }) => id.slice(4)))
  })

  test("is the same in the database", async () => {
    using database = temporaryDatabase()
    const { ledger, log } = await open(database.path)
    for (const row of ROWS) ledger.record(row)
    await ledger.close()
    const reader = openUsageReader(database.path)!
    for (const row of ROWS) expect(reader.request(row.id)).toEqual([row])
    reader.close()
    expect(log.lines).toEqual([])
    using db = new Database(database.path, { readonly: true })
    expect(db.query("SELECT count(*) AS count FROM usage_plain").get()).toEqual({
      count: ROWS.length,
    })
  })

  test("has the route that it was given in parts", async () => {
    using database = temporaryDatabase()
    const { ledger, log } = await open(database.path)
    const routes = new Map<string, string>()
    for (const [name, attempts] of Object.entries(ATTEMPTS)) {
      const row = plain(name, { route: null })
      const begin = beginOf(packPlan(PLAN), attempts)
      ledger.record(row, { begin, attempts })
      routes.set(row.id, packRoute({ ...PLAN, attempts: [...attempts] }))
    }
    await ledger.close()
    const reader = openUsageReader(database.path)!
    for (const [id, route] of routes) expect(reader.request(id)[0]?.route).toBe(route)
    reader.close()
    expect(log.lines).toEqual([])
    using db = new Database(database.path, { readonly: true })
    expect(db.query("SELECT count(*) AS count FROM usage_plain").get()).toEqual({
      count: routes.size - 1,
    })
  })

  test("is not one that has something unusual", () => {
    const unusual: UsageRow[] = [
      usageRow("short"),
      usageRow(`${ownId("a").slice(0, -1)}G`),
      usageRow(`req-${ownId("a").slice(4)}`),
      plain("a", { mirrorOf: ownId("b") }),
      plain("a", { duration: 0.0005 }),
      plain("a", { ttft: Number.NaN }),
      plain("a", { input: -1 }),
      plain("a", { cost: 0.5 }),
      plain("a", { output: Infinity }),
      plain("a", { cost: Number.MAX_SAFE_INTEGER }),
      plain("a", { input: 2 ** 60 }),
      plain("a", { route: "{\n}" }),
      plain("a", { route: "x".repeat(LONGEST_PLAIN) }),
    ]
    for (const row of unusual) expect(linesOf([row])).toBeUndefined()
  })

  test("that is refused leaves the words of the others as they are", () => {
    const lines = createPlainLines()
    const written = (row: UsageRow) =>
      scratch.toString("utf8", 0, lines.put(row, undefined, scratch))
    const text = written(ROWS[0]!)
    expect(written(usageRow(`${ownId("a").slice(0, -1)}G`, { client: "other" }))).toBe("")
    const again = written(plain("again", { client: "other" }))
    const clients: string[] = []
    createPlainReader().read(Buffer.from(text + again), ({ kind }) => clients.push(kind))
    expect(clients).toEqual([expect.stringContaining("test/1.0"), expect.stringContaining("other")])
  })
})

describe("a plain line that is damaged", () => {
  test("leaves the others as they are, whatever is wrong with it", () => {
    const rows = [plain("one"), plain("two"), plain("three")]
    const [word = "", one = "", two = "", three = ""] = linesOf(rows)!.toString().split("\n")
    const places = [1, 8, two.indexOf(","), two.indexOf(",") + 1, two.length - 1]
    const damages = [
      ...places.map((at) => two.slice(0, at)),
      ...places.map((at) => `${two.slice(0, at)}?${two.slice(at + 1)}`),
      `${two},1`,
      two.replace(",", ",,"),
      two.replace(/(?<=^.{33})\d+/, "9"),
      two.replace(/\d+$/, "9".repeat(400)),
    ]
    for (const damage of damages) {
      const seen: number[] = []
      const text = Buffer.from([word, one, damage, three, ""].join("\n"))
      const { damaged, others } = createPlainReader().read(text, ({ id }) => seen.push(id[15]!))
      expect({ damage, damaged, others, seen: seen.length }).toEqual({
        ...{ damage, damaged: 1, others: "", seen: 2 },
      })
    }
  })

  test("is one whose word is not there, or is none", () => {
    const [, row = ""] = linesOf([plain("one")])!
      .toString()
      .split("\n")
    const text = Buffer.from(["#x\tword", "#1", row, "others", ""].join("\n"))
    const found = createPlainReader().read(text, () => expect.unreachable())
    expect(found).toEqual({ others: "others", damaged: 3 })
  })
})

describe("a journal of plain rows", () => {
  const database = () => temporaryDatabase()

  /** Leaves 300 rows in a journal whose process was killed, and returns its file. */
  async function leave(path: string): Promise<string> {
    using _lock = holdLock(path)
    const recorder = startProgram("record.ts", path, "left", "300")
    await recorder.printed("done")
    await recorder.kill()
    return join(path, "..", pendingFiles(path).find((name) => name.endsWith(".journal"))!)
  }

  test("that does not say what was stored of it is not stored again", async () => {
    using files = database()
    await (await open(files.path)).ledger.close()
    const journal = await leave(files.path)
    const bytes = Buffer.from(await Bun.file(journal).bytes())
    const first = await open(files.path)
    expect(storedIds(files.path)).toHaveLength(300)
    // As if the power, or the process, had gone between the rows and the note in the file.
    expect(new Int32Array(bytes.buffer, bytes.byteOffset, 4)[TAKEN]).toBe(HEADER_BYTES)
    await first.ledger.flush()
    writeFileSync(journal, bytes)
    await first.ledger.close()
    const { ledger, log } = await open(files.path)
    expect(storedIds(files.path)).toHaveLength(300)
    await ledger.close()
    expect(log.matching(/damaged/)).toEqual([])
    expect(pendingFiles(files.path)).toEqual([])
  })

  test("is read on from its middle, with the words of before", async () => {
    using files = database()
    await (await open(files.path)).ledger.close()
    const journal = await leave(files.path)
    const bytes = Buffer.from(await Bun.file(journal).bytes())
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, 4)
    let at = HEADER_BYTES
    for (let lines = 0; lines < 101; lines++) at = bytes.indexOf("\n", at) + 1
    words[TAKEN] = at
    writeFileSync(journal, bytes)
    const { ledger, log } = await open(files.path)
    // One line of the first 101 is a word.
    expect(storedIds(files.path)).toHaveLength(200)
    await ledger.close()
    expect(log.matching(/damaged/)).toEqual([])
  })
})
