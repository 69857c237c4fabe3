import { rmSync } from "node:fs"
import { findJournals, lockPath, type SegmentFile } from "./journal-files.ts"
import { noteTaken, type Stretch, stretchOf } from "./journal-reader.ts"
import { type FileLock, tryLock } from "./lock.ts"

/** The journals that this writer takes up: of its own processes, and of dead ones. */
export interface Journals {
  /** A living process lets this writer, and no other, take up its journal. */
  join(id: string): void
  /** Whether several processes' journals are taken up. */
  readonly shared: boolean
  /** Looks for journals whose process is dead. Returns how many hold something. */
  adopt(): number
  /** What is not stored, each journal's oldest first. */
  pending(): Stretch[]
  /** Notes that a stretch is stored up to a byte. */
  stored(stretch: Stretch, to: number): void
  /** Deletes the files of dead processes that are stored. */
  tidy(): void
  /** Frees the locks, and leaves the files. */
  close(): void
}

/** @param database path of the SQLite file that the journals lie beside */
export function createJournals(database: string): Journals {
  const joined = new Set<string>()
  const adopted = new Map<string, FileLock>()
  /** How far files are stored that cannot say it themselves. */
  const taken = new Map<string, number>()

  function stretch(file: SegmentFile): Stretch | undefined {
    const found = stretchOf(file)
    if (!found || found.headed) return found
    const from = taken.get(file.path) ?? 0
    return from < found.to ? { ...found, from } : undefined
  }

  function lockOf(id: string): FileLock | undefined {
    try {
      return tryLock(lockPath(database, id))
    } catch {
      // It is tried again; meanwhile what others have is stored.
      return undefined
    }
  }

  const stretches = (files: readonly SegmentFile[]) =>
    files
      .map(stretch)
      .filter((found) => found !== undefined)
      .sort((a, b) => a.order - b.order)

  return {
    join: (id) => void joined.add(id),
    get shared() {
      return joined.size > 1
    },
    adopt() {
      let found = 0
      for (const id of findJournals(database).keys()) {
        if (adopted.has(id)) continue
        const lock = lockOf(id)
        if (!lock) continue
        adopted.set(id, lock)
        // Listed again: its process may have gone, and its files with it, while we took the lock.
        if (stretches(findJournals(database).get(id) ?? []).length > 0) found++
      }
      return found
    },
    pending() {
      const found: Stretch[] = []
      for (const [id, files] of findJournals(database)) {
        if (joined.has(id) || adopted.has(id)) found.push(...stretches(files))
      }
      return found
    },
    stored(stretch, to) {
      noteTaken(stretch, to)
      if (!stretch.headed) taken.set(stretch.path, to)
    },
    tidy() {
      if (adopted.size === 0) return
      const files = findJournals(database)
      for (const [id, lock] of adopted) {
        const left = files.get(id) ?? []
        if (stretches(left).length > 0) continue
        for (const { path } of left) {
          rmSync(path, { force: true })
          taken.delete(path)
        }
        lock.release(false)
        adopted.delete(id)
        joined.delete(id)
      }
    },
    close() {
      for (const [id, lock] of adopted)
        lock.release((findJournals(database).get(id)?.length ?? 0) > 0)
      adopted.clear()
    },
  }
}
