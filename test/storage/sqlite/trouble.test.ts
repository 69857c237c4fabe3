import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import {
  holdLock,
  makeDatabase,
  open,
  pendingFiles,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

describe("a locked database", () => {
  test("does not hold up the event loop, and takes 50,000 rows when it is free again", async () => {
    using database = temporaryDatabase()
    const { ledger, log } = await open(database.path)
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("ok") })
    // Held by this very thread: if it waited for the database, it could never free it.
    using lock = holdLock(database.path)
    for (let n = 0; n < 50_000; n++) {
      ledger.record(usageRow(`row-${n}`))
      if (n % 1000 === 0) expect(await (await fetch(server.url)).text()).toBe("ok")
    }
    await log.seen(/cannot be stored/)
    lock.release()
    await ledger.flush()
    expect(storedIds(database.path)).toHaveLength(50_000)
    await ledger.close()
    expect(pendingFiles(database.path)).toEqual([])

    expect(log.matching(/cannot be stored/)).toMatchObject([{ fields: { cause: "locked" } }])
    expect(log.matching(/stored again/)).toHaveLength(1)
  }, 60_000)

  test("does not stop the ledger from opening", async () => {
    using database = temporaryDatabase()
    makeDatabase(database.path)
    using lock = holdLock(database.path)
    const { ledger } = await open(database.path)
    ledger.record(usageRow("early"))
    lock.release()
    await ledger.flush()
    expect(storedIds(database.path)).toEqual(["early"])
    await ledger.close()
  })

  test("does not stop the ledger from closing: the rows are stored at the next start", async () => {
    using database = temporaryDatabase()
    makeDatabase(database.path)
    const { ledger, log } = await open(database.path)
    using lock = holdLock(database.path)
    for (let n = 0; n < 10; n++) ledger.record(usageRow(`row-${n}`))
    await ledger.close()
    expect(log.matching(/until the next start/)).toHaveLength(1)
    lock.release()
    expect(storedIds(database.path)).toEqual([])
    expect(pendingFiles(database.path)).toHaveLength(2)

    const { ledger: next } = await open(database.path)
    expect(storedIds(database.path)).toHaveLength(10)
    await next.close()
    expect(pendingFiles(database.path)).toEqual([])
  })
})

describe("a damaged database", () => {
  test("is moved aside whole, and a fresh one is started", async () => {
    using database = temporaryDatabase()
    const garbage = Buffer.from("this was never a database ".repeat(400))
    writeFileSync(database.path, garbage)
    const { ledger, log } = await open(database.path)
    ledger.record(usageRow("fresh"))
    await ledger.close()
    expect(storedIds(database.path)).toEqual(["fresh"])

    const [line] = log.matching(/moved aside/)
    expect(line?.level).toBe("warn")
    const movedTo = String(line?.fields["movedTo"])
    expect(movedTo).toStartWith(`${database.path}.corrupt-`)
    expect(readFileSync(movedTo).equals(garbage)).toBe(true)
    expect(String(line?.fields["fix"])).toContain(movedTo)
  })

  test("that opens but cannot be written is moved aside too, and no row is lost", async () => {
    using database = temporaryDatabase()
    const { ledger: first } = await open(database.path)
    for (let n = 0; n < 3000; n++) first.record(usageRow(`old-${n}`))
    await first.close()
    // The first page, with the header and the schema, stays; every page of rows is destroyed.
    const bytes = readFileSync(database.path)
    const pageSize = bytes.readUInt16BE(16)
    writeFileSync(database.path, bytes.fill(0xff, pageSize))

    const { ledger, log } = await open(database.path)
    for (let n = 0; n < 50; n++) ledger.record(usageRow(`new-${n}`))
    await ledger.flush()
    expect(storedIds(database.path)).toHaveLength(50)
    expect(log.matching(/moved aside/)).toHaveLength(1)
    expect(log.matching(/stored again/)).toHaveLength(1)
    await ledger.close()
  })
})

describe("a journal that was left", () => {
  const left = (path: string, n: number) => `${path}.pending-0badf00d-${n}.jsonl`
  const line = (id: string) => JSON.stringify(usageRow(id))

  test("is stored up to its torn last line, and then deleted", async () => {
    using database = temporaryDatabase()
    writeFileSync(left(database.path, 1), `${line("a")}\n${line("b")}\n`)
    writeFileSync(left(database.path, 2), `${line("c")}\n${line("d").slice(0, 60)}`)
    const { ledger, log } = await open(database.path)
    expect(storedIds(database.path)).toEqual(["a", "b", "c"])
    expect(log.matching(/damaged/)).toMatchObject([{ fields: { lines: 1 } }])
    expect(existsSync(left(database.path, 1))).toBe(false)
    await ledger.close()
    expect(readdirSync(database.folder)).toEqual(["usage.db"])
  })

  test("gives what it can when lines of it are no rows", async () => {
    using database = temporaryDatabase()
    const odd = ["null", "[]", "{}", '{"id":7}', "\u0000\u0000", "{", '"x"']
    const partial = JSON.stringify({ id: "partial", cost: 1e300, input: "many", output: 2.6 })
    writeFileSync(left(database.path, 1), [...odd, partial, line("whole"), ""].join("\n"))
    const { ledger, log } = await open(database.path)
    expect(storedIds(database.path)).toEqual(["partial", "whole"])
    expect(log.matching(/damaged/)).toMatchObject([{ fields: { lines: odd.length } }])
    await ledger.close()
  })

  test("that was already stored changes nothing", async () => {
    using database = temporaryDatabase()
    const { ledger: first } = await open(database.path)
    first.record(usageRow("a", { input: 1 }))
    await first.close()
    writeFileSync(left(database.path, 1), `${JSON.stringify(usageRow("a", { input: 2 }))}\n`)
    const { ledger } = await open(database.path)
    await ledger.close()
    expect(storedIds(database.path)).toEqual(["a"])
    expect(pendingFiles(database.path)).toEqual([])
  })

  test("of many megabytes, with a line longer than a chunk, is stored whole", async () => {
    using database = temporaryDatabase()
    const long = JSON.stringify(usageRow("long", { client: "x".repeat(3_000_000) }))
    const many = Array.from({ length: 9000 }, (_, n) => line(`row-${n}`))
    writeFileSync(left(database.path, 1), [...many, long, line("last"), ""].join("\n"))
    expect(statSync(left(database.path, 1)).size).toBeGreaterThan(5_000_000)
    const { ledger } = await open(database.path)
    expect(storedIds(database.path)).toHaveLength(9002)
    await ledger.close()
  })

  test("beside a database of another name is not touched", async () => {
    using database = temporaryDatabase()
    const foreign = left(`${database.path}2`, 1)
    writeFileSync(foreign, `${line("foreign")}\n`)
    const { ledger } = await open(database.path)
    ledger.record(usageRow("own"))
    await ledger.close()
    expect(storedIds(database.path)).toEqual(["own"])
    expect(existsSync(foreign)).toBe(true)
  })
})
