import { describe, expect, test } from "bun:test"
import {
  holdLock,
  makeDatabase,
  open,
  pendingFiles,
  startProgram,
  storedIds,
  temporaryDatabase,
} from "./support.ts"

const ROUNDS = 24
const NEVER_ENDING = "1000000"

describe("a process that is killed with SIGKILL", () => {
  test("loses no row whose record returned, and none is there twice", async () => {
    using database = temporaryDatabase()
    const printed = new Set<string>()
    for (let round = 0; round < ROUNDS; round++) {
      const recorder = startProgram("record.ts", database.path, `r${round}`, NEVER_ENDING)
      // Up to several segments of the journal, and often within the first batch.
      const enough = Math.ceil(Math.random() ** 3 * 6000)
      for (let seen = 0; seen < enough; seen++) printed.add((await recorder.nextLine()) ?? "")
      recorder.child.kill("SIGKILL")
      for (let id = await recorder.nextLine(); id !== undefined; id = await recorder.nextLine()) {
        printed.add(id)
      }
      await recorder.child.exited
    }
    expect(printed.size).toBeGreaterThan(ROUNDS)

    const { ledger, log } = await open(database.path)
    await ledger.close()

    const stored = storedIds(database.path)
    const found = new Set(stored)
    expect([...printed].filter((id) => !found.has(id))).toEqual([])
    expect(found.size).toBe(stored.length)
    expect(log.matching(/damaged/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  }, 60_000)

  test("leaves its rows in the journal when the database was locked all the time", async () => {
    using database = temporaryDatabase()
    makeDatabase(database.path)
    using lock = holdLock(database.path)
    const recorder = startProgram("record.ts", database.path, "late", "300")
    await recorder.printed("done")
    await recorder.kill()
    lock.release()
    expect(storedIds(database.path)).toEqual([])
    expect(pendingFiles(database.path).length).toBeGreaterThan(0)

    const { ledger } = await open(database.path)
    // Before anything is recorded or flushed: the replay is part of opening.
    expect(storedIds(database.path)).toHaveLength(300)
    await ledger.close()
    expect(pendingFiles(database.path)).toEqual([])
  })
})

test("a flush waits for what a killed process left, though the database was locked at the start", async () => {
  using database = temporaryDatabase()
  makeDatabase(database.path)
  using lock = holdLock(database.path)
  const recorder = startProgram("record.ts", database.path, "left", "300")
  await recorder.printed("done")
  await recorder.kill()
  const { ledger } = await open(database.path)
  const flushed = ledger.flush()
  lock.release()
  await flushed
  expect(storedIds(database.path)).toHaveLength(300)
  await ledger.close()
  expect(pendingFiles(database.path)).toEqual([])
})

describe("two processes on one database", () => {
  test("leave each other's journal alone while both live", async () => {
    using database = temporaryDatabase()
    makeDatabase(database.path)
    using lock = holdLock(database.path)
    const recorder = startProgram("record.ts", database.path, "other", "100")
    await recorder.printed("done")
    const theirs = pendingFiles(database.path)
    expect(theirs).toHaveLength(2)

    const { ledger } = await open(database.path)
    expect(pendingFiles(database.path)).toEqual(expect.arrayContaining(theirs))
    lock.release()
    await ledger.close()
    expect(pendingFiles(database.path)).toEqual(theirs)

    recorder.child.stdin.end()
    await recorder.printed("closed")
    expect(storedIds(database.path)).toHaveLength(100)
    expect(pendingFiles(database.path)).toEqual([])
  })

  test("store the rows of both", async () => {
    using database = temporaryDatabase()
    const recorders = ["a", "b"].map((prefix) =>
      startProgram("record.ts", database.path, prefix, "2000"),
    )
    for (const { child } of recorders) child.stdin.end()
    await Promise.all(recorders.map(({ printed }) => printed("closed")))
    expect(storedIds(database.path)).toHaveLength(4000)
    expect(pendingFiles(database.path)).toEqual([])
  })
})
