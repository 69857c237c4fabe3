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
  checker:
    (_request, _group, now) =>
    ({ health }) => {
      const { told } = health.traffic
      if (!told.requests && !told.tokens) return undefined
      return usedUp("requests", told.requests, now) ?? usedUp("tokens", told.tokens, now)
    },
}

function usedUp(what: string, limit: LearnedLimit | undefined, now: number): Against | undefined {
  if (!limit || limit.remaining > 0 || limit.resetAt <= now) return undefined
  const until = limit.resetAt
  return { why: `has no ${what} left at its upstream${inSeconds(until - now)}`, soft: true, until }
}
