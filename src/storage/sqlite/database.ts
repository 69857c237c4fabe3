import { Database } from "bun:sqlite"
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs"
import { dirname } from "node:path"
import { causeOf, DatabaseFailure } from "./failure.ts"
import { LATEST_VERSION } from "./latest-version.ts"
import { migrate, versionOf } from "./migrations.ts"

/** Milliseconds that a statement waits for another process's lock. Only the worker waits. */
const BUSY_TIMEOUT_MS = 250

/** Bytes of a page of a new database. Rows of half a kilobyte cost a fifth less in them than in 4 KB. */
const PAGE_BYTES = 8192

/** What was found wrong at the path and put right. */
export interface OpenedDatabase {
  db: Database
  /** Where a database that cannot be read was moved to. */
  quarantined?: string
}

/**
 * Opens the database for writing, makes it if needed and brings it up to date. One that is not a
 * readable SQLite database is moved aside, never deleted, and a fresh one takes its place.
 * @param now milliseconds since 1970, for the name of a file that is moved aside
 * @throws DatabaseFailure or SQLiteError
 */
export function openDatabase(path: string, now: number): OpenedDatabase {
  mkdirSync(dirname(path), { recursive: true })
  try {
    return { db: prepare(path) }
  } catch (thrown) {
    if (causeOf(thrown) !== "corrupt") throw thrown
    const quarantined = quarantine(path, now)
    return { db: prepare(path), quarantined }
  }
}

/** Whether SQLite still finds the whole file in order. Reads all of it. */
export function isSound(path: string): boolean {
  try {
    using db = new Database(path, { readonly: true })
    const check = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()
    return check?.quick_check === "ok"
  } catch (thrown) {
    return causeOf(thrown) !== "corrupt"
  }
}

/** Moves a database and what belongs to it out of the way. Returns its new path. */
export function quarantine(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, "-")
  let target = `${path}.corrupt-${stamp}`
  for (let n = 2; existsSync(target); n++) target = `${path}.corrupt-${stamp}-${n}`
  renameSync(path, target)
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix)
  }
  return target
}

function prepare(path: string): Database {
  // It holds conversations: a new one is for this user alone. SQLite's other files take its mode.
  closeSync(openSync(path, "a", 0o600))
  const db = new Database(path, { create: true, readwrite: true })
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    const version = versionOf(db)
    if (version > LATEST_VERSION) {
      throw new DatabaseFailure(
        "newer",
        `it has version ${version}, and this llmrouter knows versions up to ${LATEST_VERSION}`,
      )
    }
    if (version === 0) begin(db)
    db.run("PRAGMA journal_mode = WAL")
    db.run("PRAGMA synchronous = NORMAL")
    migrate(db)
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

/**
 * Makes the tables of a new database, and does not wait for the disk as it does: should the power
 * fail meanwhile, what is lost is a database without a row. Waiting takes several milliseconds.
 */
function begin(db: Database): void {
  db.run(`PRAGMA page_size = ${PAGE_BYTES}`)
  db.run("PRAGMA synchronous = OFF")
  migrate(db)
}
