import { candidatesOf } from "./candidates.ts"
import { chain } from "./chain.ts"
import type { WalkOptions } from "./walk.ts"

/** Asks the strategies of a request's groups that take their time, before the first of them is needed. */
export async function prepareOrder(options: WalkOptions): Promise<void> {
  const { resolution, table, clock, random, request } = options
  if (resolution.pinned) return
  for (const group of chain(resolution.group, table)) {
    const { strategy } = group
    if (!strategy.prepare) continue
    const now = clock.now()
    const { all } = candidatesOf({ ...options, group, now })
    const candidates = all
      .filter(({ rank }) => rank < Number.POSITIVE_INFINITY)
      .map(({ channel }) => channel)
    const memory = group.memory(strategy)
    await strategy.prepare({ request, memory, now, random, candidates })
  }
}
