import type { Strategy } from "../../core/routing.ts"
import { adaptive } from "./adaptive.ts"
import { cacheAffinity } from "./cache-affinity.ts"
import { leastBusy } from "./least-busy.ts"
import { leastUsage } from "./least-usage.ts"
import { lowestCost } from "./lowest-cost.ts"
import { lowestLatency } from "./lowest-latency.ts"
import { lowestTpmRpm } from "./lowest-tpm-rpm.ts"
import { priority } from "./priority.ts"
import { random } from "./random.ts"
import { roundRobin } from "./round-robin.ts"
import { weighted } from "./weighted.ts"

/** Every routing strategy by the name that the config uses. */
export const strategies = {
  priority,
  weighted,
  "round-robin": roundRobin,
  random,
  "least-busy": leastBusy,
  "least-usage": leastUsage,
  "lowest-tpm-rpm": lowestTpmRpm,
  "lowest-latency": lowestLatency,
  "lowest-cost": lowestCost,
  "cache-affinity": cacheAffinity,
  adaptive,
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof strategies

export const DEFAULT_STRATEGY: StrategyName = "priority"

const byName = new Map<string, Strategy>(
  Object.values(strategies).flatMap((strategy) =>
    [strategy.name, ...(strategy.aliases ?? [])].map((name) => [name, strategy] as const),
  ),
)

/** A strategy by its name or one of its aliases. */
export function findStrategy(name: string): Strategy | undefined {
  return byName.get(name)
}

/** Every name and alias. */
export const strategyNames: readonly string[] = [...byName.keys()]
