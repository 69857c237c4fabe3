import type { Channel } from "../core/routing.ts"
import type { Candidate } from "./candidates.ts"
import type { Found, Opened, Prospects, ProspectsOptions } from "./prospects.ts"

/** The prospects of a pinned channel: itself, whatever its health, and nothing else. */
export function onlyOne(
  channel: Channel,
  options: Omit<ProspectsOptions, "root"> & { resolution: { group: Opened["group"] } },
): Prospects {
  const { health, request, clock, random, resolution } = options
  const { group } = resolution
  const now = clock.now()
  const memory = group.memory(group.strategy)
  const context = { request, now, random, memory, candidates: [channel] }
  const why = options.refuses(channel)
  const candidate: Candidate = {
    channel,
    standing: health.standing(channel),
    objection: why === undefined ? undefined : { filter: "protocol", why },
    rank: 0,
    score: Number.NaN,
    place: 0,
    context,
  }
  const opened: Opened = { group, detour: undefined, at: now, all: [candidate], context }
  const found: Found = { candidate, opened }
  let left = why === undefined
  return {
    opened: [opened],
    take() {
      if (!left) return undefined
      left = false
      return found
    },
    hasBeside: () => false,
    takeBeside: () => undefined,
    mark() {
      left = false
    },
    leaveOut() {},
    more: () => false,
    wasTried: () => !left,
    isLimited: () => false,
    fitting: () => [],
    divert: () => false,
  }
}
