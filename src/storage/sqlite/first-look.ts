import { openDatabase } from "./database.ts"
import { causeOf, messageOf } from "./failure.ts"
import { findJournals } from "./journal-files.ts"
import type { WorkerResult } from "./messages.ts"

/**
 * Opens the database in this thread, which blocks, and lets go of it again: what is wrong with it is
 * known before the router listens, and the writer's thread, which takes ten times as long to begin,
 * is started when there is something to store.
 * @param now milliseconds since 1970
 */
export function lookAt(path: string, now: number): WorkerResult {
  try {
    const { db, quarantined } = openDatabase(path, now)
    db.close()
    const notices = quarantined === undefined ? {} : { quarantined }
    return { ok: true, done: true, damaged: 0, notices }
  } catch (thrown) {
    return { ok: false, cause: causeOf(thrown), message: messageOf(thrown), notices: {} }
  }
}

/** Whether journals of other processes lie beside the database, living or dead. */
export function hasOtherJournals(path: string, own: string): boolean {
  return findJournals(path)
    .keys()
    .some((id) => id !== own)
}
