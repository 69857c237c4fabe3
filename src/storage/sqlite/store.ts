import type { Database } from "bun:sqlite"
import { statSync } from "node:fs"
import { isSound, openDatabase, quarantine } from "./database.ts"
import { causeOf, messageOf } from "./failure.ts"
import { readLines } from "./journal-reader.ts"
import { createJournals, type Journals } from "./journals.ts"
import { pendingAnswers } from "./pending-answers.ts"
import type { Notices, WorkerResult, WorkerTask } from "./messages.ts"
import { createPlainReaders } from "./plain-readers.ts"
import { createTables, type Tables } from "./tables.ts"

/** Most bytes of a journal that go into one transaction. */
const CHUNK_BYTES = 1_048_576
/** Bytes after which a task ends, so that others get their turn. */
const TURN_BYTES = 4_194_304
/** Milliseconds between two looks for journals of processes that have died meanwhile. */
const ADOPT_MS = 5000

interface Open {
  readonly path: string
  readonly inode: number
  readonly db: Database
  readonly tables: Tables
}

/** The side of the storage that speaks SQL. It blocks, so it lives in a worker. */
export function createStore(): (task: WorkerTask) => WorkerResult {
  let open: Open | undefined
  let journals: Journals | undefined
  const readers = createPlainReaders()
  /** When journals of dead processes were last looked for. */
  let adopted = -Infinity

  function shut(): void {
    const last = open
    open = undefined
    // A statement that is left would keep the database open, and its WAL file in the folder.
    last?.tables.close()
    last?.db.close()
  }

  function ensureOpen(path: string, now: number, notices: Notices): Open {
    if (open && inodeOf(path) !== open.inode) {
      shut()
      notices.recreated = true
    }
    if (open) return open
    const { db, quarantined } = openDatabase(path, now)
    if (quarantined !== undefined) notices.quarantined = quarantined
    open = { path, inode: inodeOf(path) ?? 0, db, tables: createTables(db, path) }
    return open
  }

  /** Stores what the journals hold now, up to about so many bytes. */
  function takeUp(journals: Journals, to: Open, now: number, most: number) {
    let bytes = 0
    let damaged = 0
    for (const stretch of journals.pending()) {
      let from = to.tables.newFrom(stretch)
      if (from > stretch.from) journals.stored(stretch, from)
      while (from < stretch.to) {
        if (bytes >= most) return { done: false, damaged }
        const lines = readLines({ ...stretch, from }, CHUNK_BYTES)
        const reader = readers.at(stretch, from)
        // Should it fail, the words of these lines are not to be known when they come again.
        readers.forget(stretch)
        damaged += to.tables.insert(lines.bytes, now, { stretch, to: lines.to, reader })
        readers.moved(stretch, lines.to, reader)
        journals.stored(stretch, lines.to)
        bytes += lines.to - from
        from = lines.to
      }
    }
    journals.tidy()
    return { done: true, damaged }
  }

  /** An answer may still be in the journal of the process that gave it. */
  function takeUpIfPossible(journals: Journals, to: Open, now: number): boolean {
    try {
      return takeUp(journals, to, now, Infinity).done
    } catch (thrown) {
      // It can be read all the same. What is wrong comes up when rows are stored.
      if (causeOf(thrown) === "corrupt") throw thrown
      return false
    }
  }

  function recover(thrown: unknown, path: string, now: number, notices: Notices): void {
    const cause = causeOf(thrown)
    if (cause === "locked" || cause === "full") return
    shut()
    // Another process may have replaced the file already: only a bad file that is there is moved.
    if (cause === "corrupt" && !isSound(path)) notices.quarantined = quarantine(path, now)
  }

  function perform(task: Exclude<WorkerTask, { task: "close" }>, notices: Notices): WorkerResult {
    const { path, now } = task
    journals ??= createJournals(path)
    if ("journal" in task) journals.join(task.journal)
    const to = ensureOpen(path, now, notices)
    const ok = { ok: true, done: true, damaged: 0, notices } as const
    if (task.task === "texts")
      return { ...ok, damaged: to.tables.insert(Buffer.from(task.texts.join("\n")), now) }
    if (task.task === "find" || task.task === "has") {
      const done = !journals.shared || takeUpIfPossible(journals, to, now)
      const waiting = done ? undefined : pendingAnswers(journals.pending(), task.id)
      if (task.task === "has") {
        const kept = waiting?.values().some((answer) => answer !== null && answer.expires > now)
        return { ...ok, done, has: kept || to.tables.answers.has(task.id, now) }
      }
      const answer = waiting?.has(task.caller)
        ? waiting.get(task.caller)
        : to.tables.answers.find(task, now)
      return { ...ok, done, ...(answer && answer.expires > now && { answer }) }
    }
    if (task.task === "open" || task.adopt || now - adopted >= ADOPT_MS) {
      adopted = now
      const found = journals.adopt()
      if (found > 0) notices.adopted = found
    }
    return { ...ok, ...takeUp(journals, to, now, task.task === "open" ? Infinity : TURN_BYTES) }
  }

  return (task) => {
    const notices: Notices = {}
    try {
      if (task.task !== "close") return perform(task, notices)
      shut()
      journals?.close()
      return { ok: true, done: true, damaged: 0, notices }
    } catch (thrown) {
      let last = thrown
      try {
        if (task.task !== "close") recover(thrown, task.path, task.now, notices)
      } catch (second) {
        last = second
      }
      return { ok: false, cause: causeOf(last), message: messageOf(last), notices }
    }
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
