import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { findJournals } from "../../../src/storage/sqlite/journal-files.ts"
import { openJournal } from "../../../src/storage/sqlite/journal.ts"
import {
  noteTaken,
  readLines,
  type Stretch,
  stretchOf,
} from "../../../src/storage/sqlite/journal-reader.ts"
import {
  createMappedSegment,
  createWrittenSegment,
  SEGMENT_BYTES,
} from "../../../src/storage/sqlite/segment.ts"
import {
  holdLock,
  open,
  ownId,
  pendingFiles,
  storedAnswer,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

/** The callers in a database, each once. */
function clientsOf(path: string) {
  using db = new Database(path, { readonly: true })
  return db.query("SELECT DISTINCT client FROM usage").all()
}

function read(stretch: Stretch, most: number) {
  const { bytes, to } = readLines(stretch, most)
  return { text: bytes.toString("utf8"), to }
}

describe.each([
  ["mapped", (path: string) => createMappedSegment(path, 1)],
  ["written", (path: string) => createWrittenSegment(path, 1, SEGMENT_BYTES)],
])("a %s segment", (_, create) => {
  test("is read as it was written, from where it is stored, and again after it was emptied", () => {
    using database = temporaryDatabase()
    const path = join(database.folder, "segment")
    const file = { path, number: 1, headed: true }
    const segment = create(path)
    expect(stretchOf(file)).toBeUndefined()
    expect(segment.append("one\n")).toBe(true)
    expect(segment.append("名前 😀\n")).toBe(true)
    const first = stretchOf(file)!
    expect(read(first, 6)).toEqual({ text: "one\n", to: first.from + 4 })
    noteTaken(first, first.from + 4)
    expect(segment.isTaken()).toBe(false)
    expect(segment.lines()).toEqual({ taken: "one\n", waiting: "名前 😀\n" })
    const second = stretchOf(file)!
    expect(read(second, 1000)).toEqual({ text: "名前 😀\n", to: second.to })
    noteTaken(second, second.to)
    expect(segment.isTaken()).toBe(true)
    expect(stretchOf(file)).toBeUndefined()
    segment.reset(7)
    expect(stretchOf(file)).toBeUndefined()
    expect(segment.append("new\n")).toBe(true)
    const third = stretchOf(file)!
    expect(third.order).toBe(7)
    expect(read(third, 1000).text).toBe("new\n")
    segment.close(true)
    expect(existsSync(path)).toBe(false)
  })

  test("takes what fits, to the last byte", () => {
    using database = temporaryDatabase()
    const path = join(database.folder, "segment")
    const segment = create(path)
    const line = `${"é".repeat(1023)}\n`
    let count = 0
    while (segment.append(line)) count++
    expect(count).toBe(Math.floor((SEGMENT_BYTES - 16) / Buffer.byteLength(line)))
    const room = SEGMENT_BYTES - 16 - count * Buffer.byteLength(line)
    expect(segment.append(`${"x".repeat(room)}\n`)).toBe(false)
    expect(segment.append(`${"x".repeat(room - 1)}\n`)).toBe(true)
    const stretch = stretchOf({ path, number: 1, headed: true })!
    expect(stretch.to).toBe(SEGMENT_BYTES)
    expect(read(stretch, Infinity).text).toEndWith(`\n${"x".repeat(room - 1)}\n`)
    segment.close(true)
  })
})

describe("a journal", () => {
  test("takes no line beyond its bound", async () => {
    using database = temporaryDatabase()
    const journal = openJournal(database.path, undefined, 3)
    const line = `${"x".repeat(1000)}\n`
    let taken = 0
    expect(() => {
      for (; ; taken++) journal.append(line)
    }).toThrow("its bound, 3 MB")
    expect(taken).toBe(3 * Math.floor((SEGMENT_BYTES - 16) / line.length))
    journal.close()
    expect(pendingFiles(database.path)).toHaveLength(4)
  })

  test("has its lines in the order in which they came, long ones among them", () => {
    using database = temporaryDatabase()
    const journal = openJournal(database.path)
    const row = (n: number) => usageRow(ownId(`row-${n}`), { client: `client ${n}` })
    const long = `${"x".repeat(2 * SEGMENT_BYTES)}\n`
    journal.append("one\n")
    journal.appendRow(row(1))
    journal.append(long)
    journal.append("two\n")
    journal.appendRow(row(2))
    journal.append(long)
    journal.appendRow(row(2))
    const [files] = findJournals(database.path).values()
    const stretches = files!.map(stretchOf).sort((a, b) => a!.order - b!.order)
    const lines = stretches.flatMap((stretch) =>
      read(stretch!, Infinity).text.split("\n").slice(0, -1),
    )
    expect(lines.map((line) => line.slice(0, 3))).toEqual([
      ...["one", "#0\t", "+01", "xxx"],
      ...["two", "#0\t", "+01", "xxx"],
      ...["#0\t", "+01"],
    ])
    journal.close()
  })

  test("that somebody deletes while the database is locked loses nothing, long lines neither", async () => {
    using database = temporaryDatabase()
    const { ledger, answers, log } = await open(database.path)
    const lock = holdLock(database.path)
    for (let n = 0; n < 40_000; n++) {
      const name = `row-${n}`
      ledger.record(usageRow(n % 10 === 3 ? name : ownId(name), { client: `client ${n % 3000}` }))
    }
    answers.put(storedAnswer("long", { input: `["${"x".repeat(2_000_000)}"]` }))
    ledger.record(usageRow(ownId("after")))
    await log.seen(/cannot be stored/)
    for (const name of pendingFiles(database.path)) rmSync(join(database.folder, name))
    ledger.record(usageRow(ownId("last")))
    lock.release()
    await ledger.flush()
    expect(storedIds(database.path)).toHaveLength(40_002)
    expect((await answers.get("long", null))?.input).toHaveLength(2_000_004)
    expect(clientsOf(database.path)).toHaveLength(3001)
    ledger.record(usageRow("more"))
    await ledger.close()
    expect(storedIds(database.path)).toHaveLength(40_003)
    expect(log.matching(/damaged|lost/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  })
})
