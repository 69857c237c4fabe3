import { describe, expect, test } from "bun:test"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { openJournal } from "../../../src/storage/sqlite/journal.ts"
import { SEGMENT_BYTES } from "../../../src/storage/sqlite/segment.ts"
import {
  holdLock,
  open,
  pendingFiles,
  storedAnswer,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

describe("a journal", () => {
  test("takes no line beyond its bound", async () => {
    using database = temporaryDatabase()
    const journal = openJournal(database.path, 3)
    const line = `${"x".repeat(1000)}\n`
    let taken = 0
    expect(() => {
      for (; ; taken++) journal.append(line)
    }).toThrow("its bound, 3 MB")
    expect(taken).toBe(3 * Math.floor((SEGMENT_BYTES - 16) / line.length))
    journal.close()
    expect(pendingFiles(database.path)).toHaveLength(4)
  })

  test("that somebody deletes while the database is locked loses nothing, long lines neither", async () => {
    using database = temporaryDatabase()
    const { ledger, answers, log } = await open(database.path)
    const lock = holdLock(database.path)
    for (let n = 0; n < 40_000; n++) ledger.record(usageRow(`row-${n}`))
    answers.put(storedAnswer("long", { input: `["${"x".repeat(2_000_000)}"]` }))
    ledger.record(usageRow("after"))
    await log.seen(/cannot be stored/)
    for (const name of pendingFiles(database.path)) rmSync(join(database.folder, name))
    ledger.record(usageRow("last"))
    lock.release()
    await ledger.flush()
    expect(storedIds(database.path)).toHaveLength(40_002)
    expect((await answers.get("long", null))?.input).toHaveLength(2_000_004)
    ledger.record(usageRow("more"))
    await ledger.close()
    expect(storedIds(database.path)).toHaveLength(40_003)
    expect(log.matching(/damaged|lost/)).toEqual([])
    expect(pendingFiles(database.path)).toEqual([])
  })
})
