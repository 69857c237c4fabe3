import type { Channel, Group } from "../core/routing.ts"
import type { Candidate } from "./candidates.ts"
import type { Objection } from "./filters/filter.ts"
import type { Found, Opened, Prospects, ProspectsOptions } from "./prospects.ts"

/**
 * What is against a pinned channel: what it cannot do at all, and what the operator does not allow. Nobody
 * asks what its model is thought to lack.
 */
export function objectionToPinned(
  channel: Channel,
  options: Pick<ProspectsOptions, "refuses" | "filters" | "request">,
  group: Group,
  now: number,
): Objection | undefined {
  const { filters, request } = options
  const why = options.refuses(channel)
  if (why !== undefined) return { filter: "protocol", why }
  for (const filter of filters) {
    const against = filter.binding ? filter.checker(request, group, now)?.(channel) : undefined
    if (!against || against.soft || against.guess !== undefined) continue
    return { filter: filter.name, ...against }
  }
  return undefined
}

/** The prospects of a pinned channel: itself, whatever its health, and nothing else. */
export function onlyOne(
  channel: Channel,
  options: ProspectsOptions & { resolution: { group: Group } },
): Prospects {
  const { health, request, clock, random, resolution } = options
  const { group } = resolution
  const now = clock.now()
  const memory = group.memory(group.strategy)
  const context = { request, now, random, memory, candidates: [channel] }
  const objection = objectionToPinned(channel, options, group, now)
  const candidate: Candidate = {
    channel,
    standing: health.standing(channel),
    objection,
    rank: 0,
    score: Number.NaN,
    place: 0,
  }
  const opened: Opened = {
    group,
    detour: undefined,
    at: now,
    all: [candidate],
    context,
    contexts: undefined,
    first: undefined,
  }
  const found: Found = { candidate, opened }
  let left = objection === undefined
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
