import type { Channel } from "../core/routing.ts"
import type { Objection } from "./filters/filter.ts"
import type { Standing } from "./health.ts"

/** One channel of a group, as it looks for one request. */
export interface Candidate {
  readonly channel: Channel
  readonly standing: Standing
  /** Why it is not to be used, or only when nothing else is left. */
  readonly objection: Objection | undefined
  /** Lower is tried first, whatever the scores: a sum of what `RANKS` says; Infinity is not to be used now. */
  readonly rank: number
  /** The strategy's, lower is better; NaN where it was not asked. */
  readonly score: number
  /** Decides between equal scores: its place in config order, with the deployment's keys in turn. */
  readonly place: number
}
