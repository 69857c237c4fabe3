import type { GroupSettings } from "../core/settings.ts"
import { consult } from "./oracle.ts"
import type { Outcome } from "./recorder.ts"
import type { Setup } from "./setup.ts"
import { simulate } from "./simulate.ts"

/** How one strategy did. */
export interface Standing extends Outcome {
  strategy: string
  /** What it was worse by than the oracle: 1 is as good. NaN where one of them answered nothing. */
  regret: { ttft: number; cost: number; total: number }
}

/** How all strategies did on the same requests. */
export interface Comparison {
  oracle: Outcome
  /** The oracle without knowing the luck of single attempts. */
  foresight: Outcome
  standings: Standing[]
}

export interface CompareOptions {
  setup: Setup
  strategies: readonly string[]
  /** Told before each run what runs, and during it how many requests have arrived. */
  progress?: (what: string, arrived: number) => void
}

/** Runs every strategy, and the oracles, on the same requests against the same upstreams. */
export function compare({ setup, strategies, progress }: CompareOptions): Comparison {
  progress?.("oracle", 0)
  const oracle = consult(setup)
  const foresight = consult(setup, true)
  const standings = strategies.map((strategy): Standing => {
    const tell = progress && ((arrived: number) => progress(strategy, arrived))
    const outcome = simulate(setup, strategy as GroupSettings["strategy"], tell)
    const regret = {
      ttft: outcome.ttft.p95 / oracle.ttft.p95,
      cost: outcome.cost / oracle.cost,
      total: outcome.total / oracle.total,
    }
    return { ...outcome, strategy, regret }
  })
  return { oracle, foresight, standings }
}
