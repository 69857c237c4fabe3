import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { LATEST_VERSION } from "../../../src/storage/sqlite/latest-version.ts"
import {
  makeDatabase,
  open,
  pendingFiles,
  storedIds,
  temporaryDatabase,
  usageRow,
} from "./support.ts"

test("a start makes no file, and the first row makes what it needs", async () => {
  using database = temporaryDatabase()
  const { ledger } = await open(database.path)
  expect(existsSync(database.path)).toBe(false)
  expect(pendingFiles(database.path)).toEqual([])
  ledger.record(usageRow("a"))
  expect(pendingFiles(database.path)).not.toEqual([])
  await ledger.close()
  expect(storedIds(database.path)).toEqual(["a"])
})

test("a storage that nobody has used leaves nothing when it is closed", async () => {
  using database = temporaryDatabase()
  makeDatabase(database.path)
  const { ledger } = await open(database.path)
  await ledger.flush()
  await ledger.close()
  expect(pendingFiles(database.path)).toEqual([])
  expect(storedIds(database.path)).toEqual([])
})

test("what only the write-ahead log says of the version is heard", async () => {
  using database = temporaryDatabase()
  makeDatabase(database.path)
  using other = new Database(database.path)
  other.run(`PRAGMA user_version = ${LATEST_VERSION + 1}`)
  expect(existsSync(`${database.path}-wal`)).toBe(true)
  await expect(open(database.path)).rejects.toThrow(/newer/)
})

test("a database whose first bytes are those of another program is moved aside", async () => {
  using database = temporaryDatabase()
  writeFileSync(database.path, "x".repeat(20_000))
  const { ledger, log } = await open(database.path)
  expect(log.lines.some(({ message }) => /moved|aside/.test(message))).toBe(true)
  await ledger.close()
})

test("rows are kept though the folder has gone since the start", async () => {
  using database = temporaryDatabase()
  const { ledger, log } = await open(database.path)
  rmSync(database.folder, { recursive: true })
  ledger.record(usageRow("a"))
  expect(log.matching(/journal/)).not.toEqual([])
  await ledger.close()
})
