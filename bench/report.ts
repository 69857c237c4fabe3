import type { Unrest } from "./calm.ts"
import type { Peer } from "./peers/peer.ts"
import type { Failure, Results } from "./results.ts"
import type { Plan } from "./plan.ts"

/** A run as it is kept in `bench/results`. */
export interface Report {
  /** ISO 8601. */
  date: string
  machine: { cpu: string; cores: number; bun: string; program: "executable" | "source" }
  plan: Plan
  peers: Pick<Peer, "name" | "language" | "source">[]
  missing: { name: string; reason: string }[]
  unavailable: { name: string; reason: string }[]
  failures: Failure[]
  /** Reports before 2026-11-23 do not know. */
  unrest?: Unrest | undefined
  results: Results
}
