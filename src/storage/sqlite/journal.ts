import { existsSync } from "node:fs"
import type { UsageRow } from "../../core/ledger.ts"
import { joinRoute, type RouteText } from "../../core/route-text.ts"
import { journalId, lockPath, segmentPath } from "./journal-files.ts"
import { rowLine } from "./row-line.ts"
import { type FileLock, tryLock } from "./lock.ts"
import { createPlainLines, LONGEST_PLAIN } from "./plain-lines.ts"
import {
  canMap,
  createMappedSegment,
  createWrittenSegment,
  HEADER_BYTES,
  SEGMENT_BYTES,
  type Segment,
} from "./segment.ts"
import { withWords } from "./with-words.ts"

/** The files of this process that hold what is not in the database yet. */
export interface Journal {
  /** What names it to the database's writer. */
  readonly id: string
  /**
   * Puts a line, which ends with a newline, where it survives the process.
   * @throws when it could not; then nothing of it is left
   */
  append(line: string): void
  /** The same with a row, with its route where it has none itself. Returns its length. */
  appendRow(row: UsageRow, route?: RouteText): number
  /** Deletes segments that are stored, but for a few that are used again. */
  trim(): void
  /** Takes out the lines that are not stored of files that somebody has deleted, each with its words. */
  salvage(): string[]
  /** Closes the files, deletes those that are stored, and frees the lock. */
  close(): void
}

/** 4 GB. */
const MOST_SEGMENTS = 4096
/** Segments that are mapped at most: more of them are a backlog, which is not to fill the memory. */
const MOST_MAPPED = 8
/** Segments that stay when they are stored, for what comes. */
const MOST_KEPT = 4

/**
 * Opens this process's journal beside the database, `<database>.pending-<id>-<n>.journal`.
 * @param first what it is called, unless somebody has that
 * @param most segments that wait for the database, after which no line is taken
 * @throws when the folder cannot be written to
 */
export function openJournal(
  database: string,
  first: string = journalId(),
  most = MOST_SEGMENTS,
): Journal {
  let id = first
  for (let tries = 0; tries < 10; tries++) {
    const lock = tryLock(lockPath(database, id))
    if (lock) return createJournal(database, id, lock, most)
    id = journalId()
  }
  throw new Error(`cannot lock a journal beside ${database}`)
}

function createJournal(database: string, id: string, lock: FileLock, most: number): Journal {
  const maps = canMap(database)
  /** Oldest first; the last one is being written to. */
  let segments: Segment[] = []
  let current: Segment | undefined
  /** Of the current segment. */
  const plain = createPlainLines()
  const scratch = Buffer.alloc(LONGEST_PLAIN)
  let files = 0
  let order = 0

  function begin(make: (path: string, order: number) => Segment): Segment {
    if (segments.length >= most) throw new Error(`the journal has reached its bound, ${most} MB`)
    const made = make(segmentPath(database, id, ++files), ++order)
    segments.push(made)
    return made
  }

  function make(path: string, order: number): Segment {
    return maps && segments.length < MOST_MAPPED
      ? createMappedSegment(path, order)
      : createWrittenSegment(path, order, SEGMENT_BYTES)
  }

  /** Takes out the oldest one if it is stored; they are stored in their order. */
  function takeStored(): Segment | undefined {
    const [oldest] = segments
    return oldest && oldest !== current && oldest.isTaken() ? segments.shift() : undefined
  }

  /** The oldest segment, emptied. */
  function reuse(): Segment | undefined {
    for (let free = takeStored(); free; free = takeStored()) {
      if (free.reusable) {
        free.reset(++order)
        segments.push(free)
        return free
      }
      free.close(true)
    }
    return undefined
  }

  /** Gives a line a segment of its own, since an ordinary one has no room for it. */
  function appendAlone(line: string): void {
    const segment = begin((path, order) => createWrittenSegment(path, order, Infinity))
    try {
      segment.append(line)
    } catch (thrown) {
      segments.pop()
      segment.close(true)
      throw thrown
    }
  }

  /** What comes from now on is in a later segment. */
  function leave(): void {
    current = undefined
    plain.forget()
  }

  function moveOn(): Segment {
    leave()
    current = reuse() ?? begin(make)
    return current
  }

  function append(line: string): void {
    if (current?.append(line)) return
    leave()
    if (line.length * 3 > SEGMENT_BYTES - HEADER_BYTES) appendAlone(line)
    else moveOn().append(line)
  }

  /** Returns whether it was written. */
  function put(segment: Segment, length: number): boolean {
    try {
      return segment.put(scratch, length)
    } catch (thrown) {
      plain.forget()
      throw thrown
    }
  }

  const isGone = ({ path }: Segment) => !existsSync(path)

  return {
    id,
    append,
    appendRow(row, route) {
      let length = plain.put(row, route, scratch)
      if (length > 0 && !(current && put(current, length))) {
        const segment = moveOn()
        length = plain.put(row, route, scratch)
        put(segment, length)
      }
      if (length > 0) return length
      const line = rowLine(route ? { ...row, route: joinRoute(route) } : row)
      append(line)
      return line.length
    },
    trim() {
      while (segments.length > MOST_KEPT) {
        const free = takeStored()
        if (!free) return
        free.close(true)
      }
    },
    salvage() {
      // Whoever deletes them deletes all, or the old ones.
      const ends = [segments.at(0), segments.at(-1)].filter((segment) => segment !== undefined)
      if (!ends.some(isGone)) return []
      const gone = segments.filter(isGone)
      segments = segments.filter((segment) => !gone.includes(segment))
      if (current && gone.includes(current)) leave()
      return gone.flatMap((segment) => {
        const { taken, waiting } = segment.lines()
        segment.close(false)
        return withWords(taken, waiting)
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
