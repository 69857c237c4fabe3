import { Database } from "bun:sqlite"
import { existsSync, rmSync } from "node:fs"
import { causeOf } from "./failure.ts"

/** A lock that the operating system frees when its process dies, however that happens. */
export interface FileLock {
  /** Frees it; its file goes too, unless it is kept for what lies beside it. */
  release(keep: boolean): void
}

/**
 * Takes the lock of a file, or returns undefined when a living process has it. SQLite's own locking
 * of an empty database does the work: unlike a process id it holds across containers and restarts.
 * @throws when the file cannot be opened or made
 */
export function tryLock(path: string): FileLock | undefined {
  const db = new Database(path, { create: true, readwrite: true })
  try {
    db.run("PRAGMA busy_timeout = 0")
    db.run("PRAGMA journal_mode = MEMORY")
    db.run("BEGIN EXCLUSIVE")
  } catch (thrown) {
    db.close()
    if (causeOf(thrown) === "locked") return undefined
    throw thrown
  }
  // Whoever had it before may have deleted the file, and then nobody else would see this lock.
  if (!existsSync(path)) {
    db.close()
    return undefined
  }
  return {
    release(keep) {
      db.close()
      if (!keep) rmSync(path, { force: true })
    },
  }
}
