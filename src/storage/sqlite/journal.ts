import { lockPath, segmentPath } from "./journal-files.ts"
import { type FileLock, tryLock } from "./lock.ts"
import {
  canMap,
  createMappedSegment,
  createWrittenSegment,
  SEGMENT_BYTES,
  type Segment,
} from "./segment.ts"

/** The files of this process that hold what is not in the database yet. */
export interface Journal {
  /** What names it to the database's writer. */
  readonly id: string
  /**
   * Puts a line, which ends with a newline, where it survives the process.
   * @throws when it could not; then nothing of it is left
   */
  append(line: string): void
  /** Deletes segments that nobody needs any more, but for a few that are used again. */
  trim(): void
  /** Closes the files, deletes those that are stored, and frees the lock. */
  close(): void
}

/** Segments that wait for the database, after which no line is taken: 4 GB. */
const MOST_SEGMENTS = 4096
/** Segments that are mapped at most: more of them are a backlog, which is not to fill the memory. */
const MOST_MAPPED = 8
/** Stored segments that are kept for what comes. */
const SPARE = 2

/**
 * Opens this process's journal beside the database, `<database>.pending-<id>-<n>.journal`.
 * @throws when the folder cannot be written to
 */
export function openJournal(database: string): Journal {
  for (let tries = 0; tries < 10; tries++) {
    const id = crypto.randomUUID().slice(0, 8)
    const lock = tryLock(lockPath(database, id))
    if (lock) return createJournal(database, id, lock)
  }
  throw new Error(`cannot lock a journal beside ${database}`)
}

function createJournal(database: string, id: string, lock: FileLock): Journal {
  const maps = canMap(database)
  /** Oldest first; the last one is being written to. */
  let segments: Segment[] = []
  let current: Segment | undefined
  let files = 0
  let order = 0

  function begin(make: (path: string, order: number) => Segment): Segment {
    if (segments.length >= MOST_SEGMENTS) throw new Error("the journal has reached its bound, 4 GB")
    const made = make(segmentPath(database, id, ++files), ++order)
    segments.push(made)
    return made
  }

  function make(path: string, order: number): Segment {
    return maps && segments.length < MOST_MAPPED
      ? createMappedSegment(path, order)
      : createWrittenSegment(path, order, SEGMENT_BYTES)
  }

  /** The oldest stored segment, emptied. */
  function reuse(): Segment | undefined {
    const at = segments.findIndex((segment) => segment.reusable && segment.isTaken())
    const [free] = at < 0 ? [] : segments.splice(at, 1)
    if (!free) return undefined
    segments.push(free)
    free.reset(++order)
    return free
  }

  return {
    id,
    append(line) {
      if (current?.append(line)) return
      if (line.length * 3 > SEGMENT_BYTES / 4) {
        // Too long to share one.
        const alone = begin((path, order) => createWrittenSegment(path, order, Infinity))
        current = undefined
        alone.append(line)
        return
      }
      current = undefined
      current = reuse() ?? begin(make)
      current.append(line)
    },
    trim() {
      let spare = 0
      if (segments.length <= SPARE) return
      segments = segments.filter((segment) => {
        if (segment === current || !segment.isTaken()) return true
        if (segment.reusable && ++spare <= SPARE) return true
        segment.close(true)
        return false
      })
    },
    close() {
      let left = false
      for (const segment of segments) {
        const taken = segment.isTaken()
        segment.close(taken)
        left ||= !taken
      }
      segments = []
      current = undefined
      lock.release(left)
    },
  }
}
