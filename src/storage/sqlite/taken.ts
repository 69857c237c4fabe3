import type { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Stretch } from "./journal-reader.ts"

const SELECT = `SELECT "byte" FROM usage_taken WHERE "segment" = ? AND "order" = ?`
const INSERT = `INSERT INTO usage_taken ("segment", "order", "byte") VALUES (?, ?, ?)
  ON CONFLICT ("segment") DO UPDATE SET "order" = excluded."order", "byte" = excluded."byte"`
const DELETE = `DELETE FROM usage_taken WHERE "segment" = ?`

/** How far journals' segments are in the database, noted with their rows: a crash between the two stores no row again. */
export interface Taken {
  /** The byte up to which rows of a stretch's segment are there; 0 when that is not known. */
  of(stretch: Stretch): number
  /** Notes it, in the transaction that is open. */
  note(stretch: Stretch, to: number): void
  /** Forgets segments that are no more. */
  sweep(): void
  close(): void
}

/**
 * Prepares the statements over an open database that is up to date.
 * @param path of the database, which the segments lie beside
 */
export function createTaken(db: Database, path: string): Taken {
  const select = db.prepare<{ byte: number }, [string, number]>(SELECT)
  const insert = db.prepare(INSERT)
  const remove = db.prepare(DELETE)
  const all = db.prepare<{ segment: string }, []>(`SELECT "segment" FROM usage_taken`)

  return {
    of: ({ path, order }) => select.get(basename(path), order)?.byte ?? 0,
    note({ path, order }, to) {
      insert.run(basename(path), order, to)
    },
    sweep() {
      for (const { segment } of all.all()) {
        if (!existsSync(join(dirname(path), segment))) remove.run(segment)
      }
    },
    close() {
      for (const statement of [select, insert, remove, all]) statement.finalize()
    },
  }
}
