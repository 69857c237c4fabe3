import type { StoredAnswer } from "../../core/answer-store.ts"
import type { FailureCause } from "./failure.ts"

/** What the storage asks of the database's writer. All of it can be sent as JSON. */
export type WorkerTask =
  | { readonly task: "open"; readonly path: string; readonly now: number; readonly journal: string }
  /** Takes up what the journals hold, among them the one named, whose process lives. */
  | {
      readonly task: "store"
      readonly path: string
      readonly now: number
      readonly journal: string
      /** Looks for journals of dead processes too. */
      readonly adopt?: boolean
    }
  /** Stores lines that the journal could not take. */
  | {
      readonly task: "texts"
      readonly path: string
      readonly now: number
      readonly texts: readonly string[]
    }
  | ({ readonly task: "find"; readonly path: string; readonly now: number } & AnswerKey)
  | { readonly task: "has"; readonly path: string; readonly now: number; readonly id: string }
  | { readonly task: "close" }

/** What names one stored answer. */
export interface AnswerKey {
  readonly id: string
  readonly caller: string | null
}

/** A line of the journal that is about a stored answer; all others are usage rows. */
export type AnswerLine = { readonly kept: StoredAnswer } | { readonly forgotten: AnswerKey }

/** What the worker noticed on the way, for the log. */
export interface Notices {
  /** Where a database that could not be read was moved to. */
  quarantined?: string
  /** The database file had disappeared, and a fresh one was made. */
  recreated?: true
  /** How many dead processes had left something in their journals. */
  adopted?: number
}

/** How a task ended. */
export type WorkerResult =
  | {
      readonly ok: true
      /** Whether all is stored that the journals held when the task began. */
      readonly done: boolean
      /** Lines that nobody can read. */
      readonly damaged: number
      /** What `find` found. */
      readonly answer?: StoredAnswer
      /** What `has` found. */
      readonly has?: boolean
      readonly notices: Notices
    }
  | {
      readonly ok: false
      readonly cause: FailureCause
      readonly message: string
      readonly notices: Notices
    }

export interface WorkerRequest {
  readonly call: number
  readonly task: WorkerTask
}

export interface WorkerReply {
  readonly call: number
  readonly result: WorkerResult
}
