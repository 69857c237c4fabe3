import type { Channel } from "../../core/routing.ts"
import type { LearnedLimit } from "../../core/traffic.ts"
import { inSeconds } from "./limits.ts"
import type { Against, Filter } from "./filter.ts"

/**
 * Whether a key has something left of what its upstream's headers told of its limits. A wish only:
 * many upstreams refill by and by, and then there is something left long before all of it is.
 */
export const toldLimits: Filter = {
  name: "told-limits",
  scope: "channel",
  checker: (_request, { channels }, now) => (anyUsedUp(channels, now) ? checkerAt(now) : undefined),
}

function checkerAt(now: number): (channel: Channel) => Against | undefined {
  return ({ health: { traffic } }) =>
    usedUp("requests", traffic.told.requests, now) ?? usedUp("tokens", traffic.told.tokens, now)
}

function anyUsedUp(channels: readonly Channel[], now: number): boolean {
  for (const { health } of channels) {
    const { told } = health.traffic
    if (isUsedUp(told.requests, now) || isUsedUp(told.tokens, now)) return true
  }
  return false
}

function isUsedUp(limit: LearnedLimit | undefined, now: number): limit is LearnedLimit {
  return limit !== undefined && limit.remaining <= 0 && limit.resetAt > now
}

function usedUp(what: string, limit: LearnedLimit | undefined, now: number): Against | undefined {
  if (!isUsedUp(limit, now)) return undefined
  const until = limit.resetAt
  return { why: `has no ${what} left at its upstream${inSeconds(until - now)}`, soft: true, until }
}
