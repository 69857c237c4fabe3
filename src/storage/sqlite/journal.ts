import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { type FileLock, tryLock } from "./lock.ts"

/** One append-only file of lines, and how much of it is in the database. */
export interface Segment {
  readonly path: string
  readonly fd: number
  /** Bytes of whole lines. */
  size: number
  /** Bytes whose rows are in the database. */
  stored: number
}

/** The files of one process that hold what is not in the database yet. */
export interface Journal {
  /** Oldest first; the last one is being written to, once something was. */
  readonly segments: readonly Segment[]
  /**
   * Writes a line to the page cache, where it survives the process. Returns its bytes.
   * @throws when it could not; then nothing of it is left
   */
  append(line: string): number
  /** Notes that a segment is in the database up to a byte, and deletes it when that is all of it. */
  stored(segment: Segment, upTo: number): void
  /** Closes the files, deletes those that are stored, and frees the lock. */
  close(): void
}

/** Bytes after which a new segment is begun, so that the old one can be deleted. */
export const SEGMENT_BYTES = 1_048_576

const MARK = ".pending-"
const LOCK_SUFFIX = ".lock"
const FILE = /^([0-9a-f]{8})(?:-\d+)?\.(?:jsonl|lock)$/

/**
 * Opens this process's own journal beside the database, `<database>.pending-<id>-<n>.jsonl`, and
 * the journals that dead processes left there.
 * @throws when the folder cannot be written to
 */
export function openJournals(database: string): { own: Journal; left: readonly Journal[] } {
  const lockOf = (id: string) => database + MARK + id + LOCK_SUFFIX
  let own: Journal | undefined
  let ownId = ""
  for (let tries = 0; !own; tries++) {
    ownId = crypto.randomUUID().slice(0, 8)
    const lock = tryLock(lockOf(ownId))
    if (lock) own = createJournal(database + MARK + ownId, lock, [])
    else if (tries > 10) throw new Error(`cannot lock ${lockOf(ownId)}`)
  }
  const left: Journal[] = []
  for (const [id, names] of leftovers(database)) {
    if (id === ownId) continue
    const lock = tryLock(lockOf(id))
    if (!lock) continue
    const segments = names.map((name) => openLeft(join(dirname(database), name)))
    const journal = createJournal(database + MARK + id, lock, segments)
    if (segments.every((segment) => segment.size === 0)) journal.close()
    else left.push(journal)
  }
  return { own, left }
}

/** Names of the segments beside the database, by the id of who wrote them. */
function leftovers(database: string): Map<string, string[]> {
  const prefix = basename(database) + MARK
  const found = new Map<string, string[]>()
  for (const name of readdirSync(dirname(database)).sort()) {
    const id = name.startsWith(prefix) ? FILE.exec(name.slice(prefix.length))?.[1] : undefined
    if (id === undefined) continue
    const names = found.get(id) ?? []
    found.set(id, names)
    if (!name.endsWith(LOCK_SUFFIX)) names.push(name)
  }
  return found
}

function openLeft(path: string): Segment {
  const fd = openSync(path, "r")
  return { path, fd, size: fstatSync(fd).size, stored: 0 }
}

function createJournal(prefix: string, lock: FileLock, segments: Segment[]): Journal {
  let count = 0
  let current: Segment | undefined

  function begin(): Segment {
    const path = `${prefix}-${count + 1}.jsonl`
    // Read too: the worker reads through this descriptor, even after somebody deleted the file.
    const fd = openSync(path, "a+", 0o600)
    count++
    const before = current
    current = { path, fd, size: 0, stored: 0 }
    segments.push(current)
    if (before && before.stored === before.size) drop(before)
    return current
  }

  function target(): Segment {
    if (current && current.size < SEGMENT_BYTES) return current
    try {
      return begin()
    } catch (thrown) {
      // Too many open files, say: a segment that grows is better than a row that is lost.
      if (current) return current
      throw thrown
    }
  }

  function drop(segment: Segment): void {
    segments.splice(segments.indexOf(segment), 1)
    try {
      closeSync(segment.fd)
      rmSync(segment.path, { force: true })
    } catch {
      // A stored segment that stays is read again at the next start, which changes nothing.
    }
  }

  /** Takes half a line away again, so that it does not stay in front of the next one. */
  function undo(segment: Segment): void {
    try {
      ftruncateSync(segment.fd, segment.size)
    } catch {
      current = undefined
    }
  }

  return {
    segments,
    append(line) {
      const bytes = Buffer.from(`${line}\n`)
      const segment = target()
      let done = 0
      try {
        while (done < bytes.length) {
          const n = writeSync(segment.fd, bytes, done)
          if (n === 0) throw new Error("nothing was written")
          done += n
        }
      } catch (thrown) {
        if (done > 0) undo(segment)
        throw thrown
      }
      segment.size += bytes.length
      return bytes.length
    },
    stored(segment, upTo) {
      segment.stored = upTo
      if (segment !== current && segment.stored >= segment.size) drop(segment)
    },
    close() {
      for (const segment of [...segments]) {
        if (segment.stored >= segment.size) drop(segment)
        else closeSync(segment.fd)
      }
      lock.release(segments.length > 0)
    },
  }
}
