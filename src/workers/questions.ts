import type { LoadResult } from "../config/load.ts"
import type { WorkerResult, WorkerTask } from "../storage/sqlite/messages.ts"

/** What is wrong with a config that was not taken. */
export type LoadFailure = Extract<LoadResult, { ok: false }>

/** Where a worker serves. */
export interface Listening {
  host: string
  port: number
}

/** What a worker says of a config that it has loaded and not taken yet. */
export interface Prepared {
  /** Of the config; undefined where there is a failure. */
  version: string | undefined
  /** Whether it is another one than it serves by. */
  changed: boolean
  failure: LoadFailure | undefined
  /** What it was read from. */
  files: readonly string[]
}

/** How a reload ended for all. */
export interface Reloaded {
  ok: boolean
  changed: boolean
  failure: LoadFailure | undefined
}

/** What a worker may be asked. */
export interface OfWorker {
  /** Serves. @param port undefined is the one that the config says */
  listen(port: number | undefined): Promise<Listening>
  /** Loads the config again, and changes nothing. */
  prepare(said: undefined): Promise<Prepared>
  /** The reload is over: takes what it has prepared where all have. @param speaks whether it logs that */
  conclude(said: { reloaded: Reloaded; speaks: boolean }): void
  /** Another worker has heard something. */
  learn(heard: unknown): void
  /** Another worker has died. @param owner its number */
  bury(owner: number): void
  /** Ends when what it has under way has ended; answers nothing. */
  stop(signal: string): void
}

/** What the process that starts the workers may be asked. */
export interface OfSupervisor {
  /** The time that all share: monotonic milliseconds. */
  time(said: undefined): number
  /** The worker can serve. */
  ready(said: undefined): void
  /** Asks the database's writer. */
  store(task: WorkerTask): Promise<WorkerResult>
  /** Tells all others. */
  spread(heard: unknown): void
  /** Loads the config again, in all workers or in none. */
  reload(said: undefined): Promise<Reloaded>
}
