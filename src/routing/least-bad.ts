import type { Health } from "./health.ts"
import type { Found } from "./prospects.ts"

/**
 * The channel that may be well again, of those that are not ready: the soonest that would be. A limit,
 * a rejected key and a missing model are not over before their time.
 *
 * @param broken whether it is one behind an open breaker, else one that only rests
 */
export function leastBad(
  found: readonly Found[],
  health: Health,
  broken: boolean,
): Found | undefined {
  let best: Found | undefined
  let bestUntil = Number.POSITIVE_INFINITY
  for (const each of found) {
    const { channel } = each.candidate
    const { state, until } = health.standing(channel)
    if (state === "ready" || isLasting(channel.health.reason)) continue
    if (channel.deployment.health.opened > 0 !== broken) continue
    if (best && until >= bestUntil) continue
    best = each
    bestUntil = until
  }
  return best
}

function isLasting(reason: string | undefined): boolean {
  return reason !== undefined && reason !== "network" && reason !== "server"
}
