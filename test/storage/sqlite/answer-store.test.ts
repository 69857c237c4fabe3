import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { statSync, writeFileSync } from "node:fs"
import { MAX_ANSWER_LENGTH } from "../../../src/storage/memory-answer-store.ts"
import { MIGRATIONS } from "../../../src/storage/sqlite/migrations.ts"
import {
  holdLock,
  movableClock,
  open,
  pendingFiles,
  startProgram,
  storedAnswer,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

const DAY = 86_400_000

function rowCount(path: string): number {
  using db = new Database(path, { readonly: true })
  return db.query<{ n: number }, []>("SELECT count(*) AS n FROM answers").get()?.n ?? -1
}

describe("the answer store", () => {
  test("gives back every field, from the database after a restart too", async () => {
    using database = temporaryDatabase()
    const answer = storedAnswer("resp_1", {
      caller: "alice",
      channel: "acme/large#0",
      input: `[{"n":1.0,"text":"${"名前 \\u00e9 ".repeat(5000)}"}]`,
    })
    const { answers, ledger } = await open(database.path)
    answers.put(answer)
    expect(await answers.get("resp_1", "alice")).toEqual(answer)
    await ledger.flush()
    expect(await answers.get("resp_1", "alice")).toEqual(answer)
    await ledger.close()

    const next = await open(database.path)
    expect(await next.answers.get("resp_1", "alice")).toEqual(answer)
    expect(await next.answers.get("resp_2", "alice")).toBeUndefined()
    await next.ledger.close()
  })

  test("shows an answer to nobody but its own caller, before it is stored and after", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    answers.put(storedAnswer("a", { caller: "alice" }))
    answers.put(storedAnswer("b"))
    const seen = async () => [
      await answers.get("a", "bob"),
      await answers.get("a", null),
      await answers.get("b", "alice"),
      await answers.delete("a", "bob"),
      await answers.delete("b", "alice"),
    ]
    expect(await seen()).toEqual([undefined, undefined, undefined, false, false])
    await ledger.flush()
    expect(await seen()).toEqual([undefined, undefined, undefined, false, false])
    expect(await answers.get("a", "alice")).toBeDefined()
    expect(await answers.get("b", null)).toBeDefined()
    await ledger.close()
  })

  test("keeps two callers' answers of one id apart", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    answers.put(storedAnswer("same", { caller: "alice", answer: "1" }))
    answers.put(storedAnswer("same", { caller: "bob", answer: "2" }))
    await ledger.flush()
    expect((await answers.get("same", "alice"))?.answer).toBe("1")
    expect((await answers.get("same", "bob"))?.answer).toBe("2")
    await ledger.close()
  })

  test("keeps the last answer of an id", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    for (const answer of ["1", "2"]) answers.put(storedAnswer("a", { answer }))
    expect((await answers.get("a", null))?.answer).toBe("2")
    await ledger.flush()
    expect((await answers.get("a", null))?.answer).toBe("2")
    expect(rowCount(database.path)).toBe(1)
    await ledger.close()
  })

  test("forgets what is deleted, at once and for good", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    answers.put(storedAnswer("early"))
    answers.put(storedAnswer("late"))
    expect(await answers.delete("early", null)).toBe(true)
    expect(await answers.get("early", null)).toBeUndefined()
    await ledger.flush()
    using lock = holdLock(database.path)
    expect(await answers.delete("late", null)).toBe(true)
    expect(await answers.delete("late", null)).toBe(false)
    expect(await answers.get("late", null)).toBeUndefined()
    lock.release()
    await ledger.flush()
    expect(rowCount(database.path)).toBe(0)
    answers.put(storedAnswer("late"))
    expect(await answers.get("late", null)).toBeDefined()
    await ledger.close()
  })

  test("reads what it was given while the database is locked", async () => {
    using database = temporaryDatabase()
    const { answers, ledger, log } = await open(database.path)
    using lock = holdLock(database.path)
    const ids = Array.from({ length: 50 }, (_, n) => `resp_${n}`)
    for (const id of ids) answers.put(storedAnswer(id))
    await log.seen(/cannot be stored/)
    for (const id of ids) expect((await answers.get(id, null))?.id).toBe(id)
    lock.release()
    await ledger.close()
    expect(rowCount(database.path)).toBe(50)
  })

  test("reads what memory had no room for once the database has it", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    const large = "x".repeat(MAX_ANSWER_LENGTH - 1000)
    for (const id of ["a", "b", "c", "d"]) answers.put(storedAnswer(id, { input: large }))
    expect((await answers.get("a", null))?.input.length).toBe(large.length)
    await ledger.close()
  }, 30_000)

  test("does not keep what is too long, and says so once", async () => {
    using database = temporaryDatabase()
    const { answers, ledger, log } = await open(database.path)
    for (const id of ["a", "b"]) {
      answers.put(storedAnswer(id, { input: "x".repeat(MAX_ANSWER_LENGTH) }))
    }
    expect(await answers.get("a", null)).toBeUndefined()
    expect(log.matching(/too long/)).toHaveLength(1)
    await ledger.close()
  })

  test("hides an answer that has expired, and removes it", async () => {
    using database = temporaryDatabase()
    const clock = movableClock(1_790_000_000_000)
    const { answers, ledger } = await open(database.path, clock)
    const expires = clock.wall() + 30 * DAY
    answers.put(storedAnswer("short", { expires: clock.wall() + DAY }))
    answers.put(storedAnswer("long", { expires }))
    answers.put(storedAnswer("never", { expires: clock.wall() }))
    expect(await answers.get("never", null)).toBeUndefined()
    await ledger.flush()
    expect(rowCount(database.path)).toBe(2)
    clock.move(DAY)
    expect(await answers.get("short", null)).toBeUndefined()
    expect(await answers.get("long", null)).toBeDefined()
    ledger.record(usageRow("any"))
    await ledger.flush()
    expect(rowCount(database.path)).toBe(1)
    await ledger.close()
  })

  test("does nothing after it was closed", async () => {
    using database = temporaryDatabase()
    const { answers, ledger } = await open(database.path)
    answers.put(storedAnswer("a"))
    await ledger.close()
    answers.put(storedAnswer("b"))
    expect(await answers.get("a", null)).toBeUndefined()
    expect(await answers.delete("a", null)).toBe(false)
    expect(pendingFiles(database.path)).toEqual([])
  })
})

describe("a database with conversations in it", () => {
  test("can be read by nobody else", async () => {
    using database = temporaryDatabase()
    const { ledger, answers } = await open(database.path)
    answers.put(storedAnswer("a"))
    await ledger.flush()
    expect(statSync(database.path).mode & 0o077).toBe(0)
    await ledger.close()
  })

  test("is made of one that an earlier version wrote, whose rows stay", async () => {
    using database = temporaryDatabase()
    {
      using db = new Database(database.path)
      db.run(MIGRATIONS[0]!.sql)
      db.run("PRAGMA user_version = 1")
    }
    const { answers, ledger } = await open(database.path)
    answers.put(storedAnswer("a"))
    ledger.record(usageRow("row"))
    await ledger.close()
    expect(rowCount(database.path)).toBe(1)
    expect(storedIds(database.path)).toEqual(["row"])
  })

  test("takes what is whole of a journal that is damaged", async () => {
    using database = temporaryDatabase()
    const lines = [
      `{"kept":{"id":"half","caller":null}}`,
      `{"kept":null}`,
      `{"forgotten":{"id":7,"caller":null}}`,
      JSON.stringify({ kept: storedAnswer("whole") }),
      `{"kept":{"id":"torn","cal`,
    ]
    writeFileSync(`${database.path}.pending-0123abcd-1.jsonl`, `${lines.join("\n")}\n`)
    const { answers, ledger, log } = await open(database.path)
    expect(await answers.get("whole", null)).toEqual(storedAnswer("whole"))
    expect(log.matching(/damaged/)).toMatchObject([{ fields: { lines: 4 } }])
    await ledger.close()
  })
})

describe("several processes", () => {
  test("that are killed with SIGKILL lose no answer whose put returned", async () => {
    using database = temporaryDatabase()
    const printed: string[] = []
    for (let round = 0; round < 8; round++) {
      const keeper = startProgram("keep.ts", database.path, `r${round}`, "1000000")
      const enough = Math.ceil(Math.random() ** 3 * 2000)
      for (let seen = 0; seen < enough; seen++) printed.push((await keeper.nextLine()) ?? "")
      keeper.child.kill("SIGKILL")
      for (let id = await keeper.nextLine(); id !== undefined; id = await keeper.nextLine()) {
        printed.push(id)
      }
      await keeper.child.exited
    }
    const { answers, ledger, log } = await open(database.path)
    for (const id of printed) expect(await answers.get(id, null)).toEqual(storedAnswer(id))
    expect(log.matching(/damaged/)).toEqual([])
    await ledger.close()
    expect(pendingFiles(database.path)).toEqual([])
  }, 60_000)

  test("see each other's answers and deletions", async () => {
    using database = temporaryDatabase()
    const keeper = startProgram("keep.ts", database.path, "other", "100")
    const { answers, ledger } = await open(database.path)
    await keeper.printed("done")
    keeper.child.stdin.end()
    await keeper.printed("closed")
    const again = await open(database.path)
    expect(await answers.get("other-99", null)).toEqual(storedAnswer("other-99"))
    expect(await again.answers.delete("other-99", null)).toBe(true)
    await again.ledger.close()
    expect(await answers.get("other-99", null)).toBeUndefined()
    await ledger.close()
  })
})
