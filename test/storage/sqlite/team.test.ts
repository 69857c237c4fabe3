import { expect, test } from "bun:test"
import { openUsageReader } from "../../../src/storage/sqlite/usage-reader.ts"
import { startMember } from "./member.ts"
import {
  holdLock,
  open,
  pendingFiles,
  startProgram,
  storedAnswer,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

/** A writer with two processes that only journal. */
async function team(path: string) {
  const storage = await open(path)
  const members = [await startMember(storage, path), await startMember(storage, path)] as const
  return {
    storage,
    members,
    async [Symbol.asyncDispose]() {
      for (const member of members) await member.kill()
      await storage.ledger.close()
    },
  }
}

test("a flush in any process means that the rows of all of them are in the database", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  const [one, two] = it.members
  await one.ask({ do: "record", prefix: "one", count: 3000 })
  await one.ask({ do: "flush" })
  expect(storedIds(database.path)).toHaveLength(3000)
  await two.ask({ do: "record", prefix: "two", count: 10 })
  it.storage.ledger.record(usageRow("own"))
  await two.ask({ do: "flush" })
  expect(storedIds(database.path)).toHaveLength(3011)
  await one.ask({ do: "record", prefix: "more", count: 5 })
  await it.storage.ledger.flush()
  expect(storedIds(database.path)).toHaveLength(3016)
  const reader = openUsageReader(database.path)
  expect([...(reader?.spentSince(-Infinity) ?? [])]).toEqual([["acme", 3016 * 1_234_567]])
  reader?.close()
})

test("rows of a process that only journals are stored soon, though nobody waits for them", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  await it.members[0].ask({ do: "record", prefix: "one", count: 10 })
  while (storedIds(database.path).length < 10)
    await new Promise((resolve) => setTimeout(resolve, 5))
})

test("the files of a journal do not grow with the rows that went through it", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  const rounds = 12
  for (let round = 0; round < rounds; round++) {
    await it.members[0].ask({ do: "record", prefix: `r${round}`, count: 6000 })
    await it.members[0].ask({ do: "flush" })
  }
  expect(storedIds(database.path)).toHaveLength(rounds * 6000)
  // Some segments, its lock, and the lock of those that have recorded nothing.
  expect(pendingFiles(database.path).length).toBeLessThan(10)
}, 30_000)

test("an answer is found by every process once it was put, and by none once it was deleted", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  const [one, two] = it.members
  const { answers } = it.storage
  for (let n = 0; n < 20; n++) {
    const id = `resp_${n}`
    await one.ask({ do: "put", id, input: "[1.0]" })
    const expected = storedAnswer(id, { input: "[1.0]" })
    expect(await two.ask({ do: "get", id })).toEqual(expected)
    expect(await answers.get(id, null)).toEqual(expected)
    expect(await two.ask({ do: "has", id })).toBe(true)
    expect(await two.ask({ do: "delete", id })).toBe(true)
    for (const asked of [one, two]) expect(await asked.ask({ do: "get", id })).toBeNull()
    expect(await answers.get(id, null)).toBeUndefined()
  }
  answers.put(storedAnswer("own"))
  expect(await one.ask({ do: "get", id: "own" })).toEqual(storedAnswer("own"))
  expect(await one.ask({ do: "delete", id: "own" })).toBe(true)
  expect(await answers.get("own", null)).toBeUndefined()
})

test("a process finds its own answer, and another one's, while the database is locked", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  const [one, two] = it.members
  await two.ask({ do: "flush" })
  using lock = holdLock(database.path)
  await one.ask({ do: "put", id: "locked" })
  expect(await one.ask({ do: "get", id: "locked" })).toMatchObject({ id: "locked" })
  expect(await two.ask({ do: "get", id: "locked" })).toMatchObject({ id: "locked" })
  lock.release()
  expect(await two.ask({ do: "get", id: "locked" })).toMatchObject({ id: "locked" })
})

test("what a killed process has recorded is stored by the writer, and its files go", async () => {
  using database = temporaryDatabase()
  await using it = await team(database.path)
  const [one, two] = it.members
  const before = pendingFiles(database.path)
  const third = await startMember(it.storage, database.path)
  const lock = holdLock(database.path)
  await third.ask({ do: "record", prefix: "dead", count: 4000 })
  await third.ask({ do: "put", id: "dead" })
  await third.kill()
  lock.release()
  await it.storage.adopt()
  expect(storedIds(database.path)).toHaveLength(4000)
  expect(await two.ask({ do: "get", id: "dead" })).toMatchObject({ id: "dead" })
  expect(pendingFiles(database.path)).toEqual(before)
  await one.ask({ do: "record", prefix: "one", count: 1 })
  await one.ask({ do: "flush" })
  expect(storedIds(database.path)).toHaveLength(4001)
}, 30_000)

test("a process that closes leaves nothing, and one that cannot reach the writer leaves its rows", async () => {
  using database = temporaryDatabase()
  const storage = await open(database.path)
  const served = await startMember(storage, database.path)
  await served.ask({ do: "record", prefix: "served", count: 100 })
  await served.ask({ do: "close" })
  expect(storedIds(database.path)).toHaveLength(100)
  await served.kill()
  const refused = await startMember(
    {
      serve: async () => ({ ok: false, cause: "worker", message: "gone", notices: {} }),
    },
    database.path,
  )
  await refused.ask({ do: "record", prefix: "refused", count: 100 })
  await refused.ask({ do: "close" })
  await refused.kill()
  expect(storedIds(database.path)).toHaveLength(100)
  await storage.ledger.close()
  const next = await open(database.path)
  expect(storedIds(database.path)).toHaveLength(200)
  await next.ledger.close()
  expect(pendingFiles(database.path)).toEqual([])
}, 30_000)

test("a writer that is killed with SIGKILL, and processes that are killed after it, lose no row", async () => {
  using database = temporaryDatabase()
  const printed = new Set<string>()
  for (const enough of [40, 3000]) {
    const program = startProgram("team.ts", database.path)
    for (let seen = 0; seen < enough; seen++) printed.add((await program.nextLine()) ?? "")
    program.child.kill("SIGKILL")
    // Its members see that it is gone, record some more alone, and kill themselves.
    for (let id = await program.nextLine(); id !== undefined; id = await program.nextLine()) {
      printed.add(id)
    }
    expect([...printed].filter((id) => id.startsWith("alone-")).length).toBeGreaterThan(0)
    const { ledger, log } = await open(database.path)
    await ledger.close()
    const stored = storedIds(database.path)
    const found = new Set(stored)
    expect([...printed].filter((id) => !found.has(id))).toEqual([])
    expect(found.size).toBe(stored.length)
    expect(log.matching(/damaged/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  }
}, 60_000)
