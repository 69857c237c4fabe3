import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
} from "node:fs"
import { dirname } from "node:path"
import { causeOf, messageOf } from "./failure.ts"
import { findJournals } from "./journal-files.ts"
import type { WorkerResult } from "./messages.ts"
import { LATEST_VERSION } from "./latest-version.ts"

/** How every SQLite database begins. */
const MAGIC = Buffer.from("SQLite format 3\0")
/** Where its header says which version of the tables it holds, and how long the header is. */
const VERSION = 60
const HEADER = 100

const FINE: WorkerResult = { ok: true, done: true, damaged: 0, notices: {} }

/** Makes the folder of a database. @throws where this user cannot keep one there */
export function requirePlace(path: string): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true })
  accessSync(folder, constants.W_OK)
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
}

/**
 * Looks at the database in this thread, which blocks: what is wrong with it is known before the router
 * listens, and the writer's thread, which takes ten times as long to begin, is started when there is
 * something to store. One that is as it should be is not opened, which would load much of SQLite.
 * @param now milliseconds since 1970
 */
export function lookAt(path: string, now: number): WorkerResult {
  if (!existsSync(path) || isInOrder(path)) return FINE
  const { openDatabase } = require("./database.ts") as typeof import("./database.ts")
  try {
    const { db, quarantined } = openDatabase(path, now)
    db.close()
    return quarantined === undefined ? FINE : { ...FINE, notices: { quarantined } }
  } catch (thrown) {
    return { ok: false, cause: causeOf(thrown), message: messageOf(thrown), notices: {} }
  }
}

/** Whether it is one of this version that was closed well, as far as its header says. */
function isInOrder(path: string): boolean {
  if (existsSync(`${path}-wal`) || existsSync(`${path}-journal`)) return false
  const header = Buffer.alloc(HEADER)
  try {
    const file = openSync(path, "r")
    try {
      if (readSync(file, header) < HEADER) return false
    } finally {
      closeSync(file)
    }
  } catch {
    // A folder, say: SQLite has the words for what is wrong with it.
    return false
  }
  return header.indexOf(MAGIC) === 0 && header.readUInt32BE(VERSION) === LATEST_VERSION
}

/** Whether journals of processes lie beside the database, living or dead. */
export function hasJournals(path: string): boolean {
  return findJournals(path).size > 0
}
