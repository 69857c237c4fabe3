import type { Group } from "../core/routing.ts"
import { candidatesOf } from "./candidates.ts"
import { chain } from "./chain.ts"
import type { WalkOptions } from "./walk.ts"

type PrepareOptions = Omit<WalkOptions, "budget">

/**
 * Asks the strategies of a request's groups that take their time, before the first of them is needed.
 *
 * @returns undefined where there are none
 */
export function prepareOrder(options: PrepareOptions): Promise<void> | undefined {
  const { resolution, table } = options
  if (resolution.pinned) return undefined
  const { group } = resolution
  // Most groups have no fallbacks, and most strategies answer at once.
  if (group.fallbacks.length === 0 && !group.strategy.prepare) return undefined
  const groups = chain(group, table).filter(({ strategy }) => strategy.prepare)
  return groups.length > 0 ? prepareAll(groups, options) : undefined
}

async function prepareAll(groups: readonly Group[], options: PrepareOptions): Promise<void> {
  const { clock, random, request } = options
  for (const group of groups) {
    const { strategy } = group
    const now = clock.now()
    const candidates = candidatesOf(options, group, now)
      .all.filter(({ rank }) => rank < Number.POSITIVE_INFINITY)
      .map(({ channel }) => channel)
    const memory = group.memory(strategy)
    await strategy.prepare?.({ request, memory, now, random, candidates })
  }
}
