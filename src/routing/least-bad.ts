import type { Health } from "./health.ts"
import type { Found } from "./prospects.ts"

/**
 * The channel that may be well again, of those that are not ready: of those that rest, the soonest that
 * would be; behind breakers, one that nobody is asking now and that was not heard of for longest, so
 * that each of them is asked in turn and the first that is well again is found. A limit, a rejected key
 * and a missing model are not over before their time.
 *
 * @param broken whether it is one behind an open breaker, else one that only rests
 */
export function leastBad(
  found: readonly Found[],
  health: Health,
  broken: boolean,
): Found | undefined {
  let best: Found | undefined
  let least: readonly [number, number] = [Number.POSITIVE_INFINITY, 0]
  for (const each of found) {
    const { channel } = each.candidate
    const { state, until } = health.standing(channel)
    if (state === "ready" || isLasting(channel.health.reason)) continue
    if (channel.deployment.health.opened > 0 !== broken) continue
    const { inFlight, success } = channel.deployment.health.traffic
    const rank = broken ? ([inFlight, success.at] as const) : ([until, 0] as const)
    if (best && (rank[0] > least[0] || (rank[0] === least[0] && rank[1] >= least[1]))) continue
    best = each
    least = rank
  }
  return best
}

function isLasting(reason: string | undefined): boolean {
  return reason !== undefined && reason !== "network" && reason !== "server"
}
