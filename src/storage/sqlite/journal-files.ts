import { readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"

const MARK = ".pending-"
const LOCK_SUFFIX = ".lock"
/** `jsonl` are those of earlier versions: lines without a header. */
const FILE = /^([0-9a-f]{8})(?:-(\d+))?\.(journal|jsonl|lock)$/

/** A segment by its file. */
export interface SegmentFile {
  readonly path: string
  readonly number: number
  /** Whether it begins with a header. */
  readonly headed: boolean
}

/** A name that no other journal has. */
export function journalId(): string {
  return crypto.randomUUID().slice(0, 8)
}

/** Path of the file that a journal's process holds locked while it lives. */
export function lockPath(database: string, id: string): string {
  return database + MARK + id + LOCK_SUFFIX
}

/** Path of a journal's segment. */
export function segmentPath(database: string, id: string, number: number): string {
  return `${database}${MARK}${id}-${number}.journal`
}

/** The segments beside the database, by the id of the journal; one may have none but its lock. */
export function findJournals(database: string): Map<string, SegmentFile[]> {
  const folder = dirname(database)
  const prefix = basename(database) + MARK
  const found = new Map<string, SegmentFile[]>()
  for (const name of readdirSync(folder)) {
    const match = name.startsWith(prefix) ? FILE.exec(name.slice(prefix.length)) : null
    const id = match?.[1]
    if (!match || id === undefined) continue
    const files = found.get(id) ?? []
    found.set(id, files)
    if (match[3] === "lock") continue
    const headed = match[3] === "journal"
    files.push({ path: join(folder, name), number: Number(match[2] ?? 0), headed })
  }
  return found
}
