import type { AnswerStore } from "../../core/answer-store.ts"
import type { Clock } from "../../core/clock.ts"
import type { Ledger } from "../../core/ledger.ts"
import type { Logger } from "../../core/log.ts"
import { causeOf, type FailureCause, messageOf } from "./failure.ts"
import { hasJournals, lookAt, requirePlace } from "./first-look.ts"
import { createLateJournal } from "./late-journal.ts"
import { createLedger } from "./ledger.ts"
import { createAnswerStore } from "./answer-store.ts"
import type { WorkerResult, WorkerTask } from "./messages.ts"
import { createWriteBehind } from "./write-behind.ts"
import { createOwnWriter, createRemoteWriter, type StorageWriter } from "./writer.ts"

export type { StorageWriter } from "./writer.ts"
export type { WorkerResult, WorkerTask } from "./messages.ts"

export interface StorageOptions {
  /** The SQLite file; its folder is made when it is missing. */
  path: string
  logger: Logger
  clock: Clock
  /** The process that writes to the database, where it is another one; it must have opened it before. */
  writer?: StorageWriter
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

/** What one SQLite file keeps. All parts end with the ledger's `close`. */
export interface Storage {
  readonly ledger: Ledger
  readonly answers: AnswerStore
  /** Answers what another process asks through its `StorageWriter`. Never rejects. */
  serve(task: WorkerTask): Promise<WorkerResult>
  /** Stores what processes left that have died meanwhile. */
  adopt(): Promise<void>
}

/**
 * Opens the ledger and the answer store over a SQLite file. What a dead process could not store is
 * stored first. A database that is only locked or full for now does not stop it.
 * @throws StorageError when the path cannot be used
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { path, logger, clock } = options
  const journal = createLateJournal(path)
  const opening = () => ({ task: "open", path, now: clock.wall(), journal: journal.id }) as const
  const writer = options.writer
    ? createRemoteWriter(options.writer)
    : createOwnWriter(path, opening)
  const open = () => (hasJournals(path) ? writer.call(opening()) : lookAt(path, clock.wall()))
  let opened: WorkerResult | undefined
  try {
    requirePlace(path)
    opened = options.writer ? undefined : await open()
  } catch (thrown) {
    throw refusal(path, causeOf(thrown), messageOf(thrown), thrown)
  }
  if (opened?.ok === false && FIXES[opened.cause]) {
    await writer.end()
    journal.close()
    throw refusal(path, opened.cause, opened.message)
  }
  const queue = createWriteBehind({ path, logger, clock, writer, journal })
  await queue.start(opened)
  return {
    ledger: createLedger(queue, logger),
    answers: createAnswerStore({ path, logger, clock, writer, queue }),
    serve: writer.serve,
    adopt: queue.adopt,
  }
}

function refusal(path: string, cause: FailureCause, message: string, thrown?: unknown) {
  const fix = FIXES[cause] ?? "Set storage.path to another file, or storage to false."
  return new StorageError(path, message.replace(/\.$/, ""), fix, thrown)
}
