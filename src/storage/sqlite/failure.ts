/** Why rows cannot be stored now. */
export type FailureCause =
  | "locked"
  | "full"
  | "corrupt"
  | "unwritable"
  | "newer"
  | "worker"
  | "failed"

/** A failure of the database that is known by its cause. */
export class DatabaseFailure extends Error {
  override readonly name = "DatabaseFailure"
  readonly reason: FailureCause

  constructor(reason: FailureCause, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

// Result codes: https://www.sqlite.org/rescode.html. The extended ones begin with the primary one.
const CAUSES: readonly [prefix: string, cause: FailureCause][] = [
  ["SQLITE_BUSY", "locked"],
  ["SQLITE_LOCKED", "locked"],
  ["SQLITE_FULL", "full"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_READONLY", "unwritable"],
  ["SQLITE_CANTOPEN", "unwritable"],
  ["SQLITE_PERM", "unwritable"],
  ["SQLITE_AUTH", "unwritable"],
  ["EACCES", "unwritable"],
  ["EPERM", "unwritable"],
  ["EROFS", "unwritable"],
  ["EISDIR", "unwritable"],
  ["ENOTDIR", "unwritable"],
  ["EEXIST", "unwritable"],
  ["ENOENT", "unwritable"],
]

/** What an error of SQLite or of the file system means for the ledger. */
export function causeOf(thrown: unknown): FailureCause {
  if (thrown instanceof DatabaseFailure) return thrown.reason
  const code = (thrown as { code?: unknown } | null)?.code
  if (typeof code !== "string") return "failed"
  return CAUSES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "failed"
}

/** Text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
