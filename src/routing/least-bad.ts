import type { Channel } from "../core/routing.ts"
import type { Health } from "./health.ts"
import type { Found } from "./prospects.ts"

/**
 * The channel that may be well again, of those that are not ready: of those that rest, the soonest that
 * would be; behind breakers, one whose answer has begun meanwhile, else one that nobody is asking now
 * and that was not heard of for longest: each is asked in turn, and the first that is well is found. A
 * limit, a rejected key and a missing model are not over before their time.
 *
 * @param broken whether it is one behind an open breaker, else one that only rests
 */
export function leastBad(
  found: readonly Found[],
  health: Health,
  broken: boolean,
): Found | undefined {
  let best: Found | undefined
  let least: readonly number[] = []
  for (const each of found) {
    const { channel } = each.candidate
    const { state, until } = health.standing(channel)
    if (state === "ready" || isLasting(channel.health.reason)) continue
    if (channel.deployment.health.opened > 0 !== broken) continue
    const rank = broken ? rankOfBroken(channel) : [until]
    if (best && !isLess(rank, least)) continue
    best = each
    least = rank
  }
  return best
}

function rankOfBroken({ health: { reason }, deployment }: Channel): number[] {
  const { inFlight, success } = deployment.health.traffic
  // An answer that has begun clears the reason, long before its end closes the breaker.
  return [reason === undefined ? 0 : 1, inFlight, success.at]
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((value, n) => value !== b[n])
  return differs >= 0 && a[differs]! < b[differs]!
}

function isLasting(reason: string | undefined): boolean {
  return reason !== undefined && reason !== "network" && reason !== "server"
}
