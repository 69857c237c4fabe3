import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import type { Clock } from "../../core/clock.ts"
import type { Ledger } from "../../core/ledger.ts"
import type { Logger } from "../../core/log.ts"
import { causeOf, type FailureCause, messageOf } from "./failure.ts"
import { type Journal, openJournals } from "./journal.ts"
import { createLedger } from "./ledger.ts"
import { createWorkerClient } from "./worker-client.ts"

export interface LedgerOptions {
  /** The SQLite file; its folder is made when it is missing. */
  path: string
  logger: Logger
  clock: Clock
}

/** The usage database cannot be used at all; the message says how to fix that. */
export class StorageError extends Error {
  override readonly name = "StorageError"
  /** The SQLite file. */
  readonly path: string

  constructor(path: string, problem: string, fix: string, cause?: unknown) {
    super(`cannot keep usage in ${path}: ${problem}. ${fix}`, { cause })
    this.path = path
  }
}

const FIXES: Partial<Record<FailureCause, string>> = {
  unwritable:
    "Make the file and its folder writable for this user, set storage.path to a file elsewhere, or set storage to false to keep no usage.",
  newer: "Use that newer llmrouter, or set storage.path to another file.",
}

/**
 * Opens the ledger over a SQLite file. Rows that a dead process could not store are stored first.
 * A database that is only locked or full for now does not stop it.
 * @throws StorageError when the path cannot be used
 */
export async function openLedger({ path, logger, clock }: LedgerOptions): Promise<Ledger> {
  let journals: { own: Journal; left: readonly Journal[] }
  try {
    mkdirSync(dirname(path), { recursive: true })
    journals = openJournals(path)
  } catch (thrown) {
    throw refusal(path, causeOf(thrown), messageOf(thrown), thrown)
  }
  const worker = createWorkerClient()
  const opened = await worker.call({ task: "open", path, now: clock.wall() })
  if (!opened.ok && FIXES[opened.cause]) {
    worker.terminate()
    for (const journal of [journals.own, ...journals.left]) journal.close()
    throw refusal(path, opened.cause, opened.message)
  }
  const ledger = createLedger({ path, logger, clock, worker, ...journals })
  await ledger.start(opened)
  return ledger
}

function refusal(path: string, cause: FailureCause, message: string, thrown?: unknown) {
  const fix = FIXES[cause] ?? "Set storage.path to another file, or storage to false."
  return new StorageError(path, message.replace(/\.$/, ""), fix, thrown)
}
