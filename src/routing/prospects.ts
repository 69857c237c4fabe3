import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Deployment, Group, RoutingRequest } from "../core/routing.ts"
import { type Candidate, type Candidates, candidatesOf, isBetter } from "./candidates.ts"
import { createChain, type Detour } from "./chain.ts"
import { createFit } from "./fit.ts"
import type { Filter, Objection } from "./filters/filter.ts"
import type { Health } from "./health.ts"
import type { RouteTable } from "./resolve.ts"

/** A group with its candidates as they were when it was looked at. */
export interface Opened extends Candidates {
  readonly group: Group
  /** What led to it; undefined is the usual way. */
  readonly detour: Detour | undefined
  /** Monotonic milliseconds when it was. */
  readonly at: number
  /** How it looked at first, where it was looked at again. */
  readonly first?: Opened
}

/** A channel to try, and where it was found. */
export interface Found {
  readonly candidate: Candidate
  readonly opened: Opened
}

/** The channels that one request may still try: those of its group, then of fallbacks as they are needed. */
export interface Prospects {
  /** Every group that was looked at, in order. */
  readonly opened: readonly Opened[]
  /** The best healthy one that was not tried, and marks it as tried. */
  take(): Found | undefined
  /** Whether this channel's own group has another one, and that one: rather of another deployment. */
  hasBeside(channel: Channel, group: Group): boolean
  takeBeside(channel: Channel, group: Group): Found | undefined
  /** Marks one as tried that is not healthy. */
  mark(channel: Channel): void
  /** The other keys of a deployment come after every other deployment. */
  leaveOut(deployment: Deployment): void
  /** Whether `take` would find one. */
  more(): boolean
  wasTried(channel: Channel): boolean
  /** Whether a limit of its own leaves no room for it now. */
  isLimited(channel: Channel): boolean
  /** Those that are right for the request, whatever their health. */
  fitting(): Found[]
  /**
   * Goes where requests go that this group's models cannot answer.
   *
   * @returns whether there is such a place
   */
  divert(detour: Detour, group: Group, failed: Deployment, error: GatewayError): boolean
}

export interface ProspectsOptions {
  table: RouteTable
  health: Health
  clock: Clock
  request: RoutingRequest
  filters: readonly Filter[]
  refuses: (channel: Channel) => string | undefined
  random: () => number
}

export function createProspects(root: Group, options: ProspectsOptions): Prospects {
  const { health, clock, request, filters, refuses, random } = options
  const chain = createChain(root, options.table)
  const fit = createFit()
  const opened: Opened[] = []
  /** By health: a group and its fallback may name the same channel. */
  const tried = new Set<ChannelHealth>()
  const leftOut = new Set<Deployment>()

  function look(group: Group, detour: Detour | undefined): Opened {
    const now = clock.now()
    const { all, context } = candidatesOf({ group, request, health, filters, refuses, now, random })
    return { group, detour, at: now, all, context }
  }

  function open(group: Group): Opened {
    const made = look(group, fit.detour)
    opened.push(made)
    return made
  }

  /** @param fresh whether the group was looked at just now: else limits may have been reached */
  function isUsable(candidate: Candidate, { detour }: Opened, fresh: boolean): boolean {
    const { channel, rank } = candidate
    if (rank === Number.POSITIVE_INFINITY || tried.has(channel.health)) return false
    if (!fit.admits(candidate, detour)) return false
    if (fresh) return true
    return health.standing(channel).state === "ready" && !isLimited(channel)
  }

  function isLimited(channel: Channel): boolean {
    const now = clock.now()
    return filters.some((filter) => {
      const against = filter.checker(request, root, now)?.(channel)
      return against !== undefined && isLimit(against)
    })
  }

  function bestOf(from: Opened, fresh: boolean, not?: Deployment): Found | undefined {
    let best: Candidate | undefined
    for (const candidate of from.all) {
      const { deployment } = candidate.channel
      if (deployment === not || leftOut.has(deployment)) continue
      if (best && !isBetter(candidate, best)) continue
      if (isUsable(candidate, from, fresh)) best = candidate
    }
    return best && { candidate: best, opened: from }
  }

  function best(): Found | undefined {
    for (const group of opened) {
      const found = bestOf(group, false)
      if (found) return found
    }
    for (let group = chain.next(); group; group = chain.next()) {
      const fresh = open(group)
      if (fit.isTooSmall(fresh) && chain.leads("context-length", group)) {
        chain.divert("context-length", group, true)
        fit.avoid("context-length")
        continue
      }
      const found = bestOf(fresh, true)
      if (found) return found
    }
    // What seemed too small is tried when what is larger is out of order.
    if (fit.forgive()) return best()
    if (leftOut.size > 0) {
      leftOut.clear()
      return best()
    }
    return lookAgain()
  }

  /** What was out of order at first may be well by now. */
  function lookAgain(): Found | undefined {
    const now = clock.now()
    for (const [index, old] of opened.entries()) {
      if (old.at === now) continue
      const fresh = { ...look(old.group, old.detour), first: old.first ?? old }
      opened[index] = fresh
      const found = bestOf(fresh, true)
      if (found) return found
    }
    return undefined
  }

  function beside({ deployment }: Channel, group: Group): Found | undefined {
    const from = opened.find((each) => each.group === group)
    return from && (bestOf(from, false, deployment) ?? bestOf(from, false))
  }

  function took(found: Found | undefined): Found | undefined {
    if (!found) return undefined
    const { candidate, opened } = found
    tried.add(candidate.channel.health)
    candidate.channel.deployment.health.turn++
    opened.group.strategy.picked?.(candidate.channel, candidate.context)
    return found
  }

  return {
    opened,
    take: () => took(best()),
    hasBeside: (channel, group) => beside(channel, group) !== undefined,
    takeBeside: (channel, group) => took(beside(channel, group)),
    mark: ({ health }) => void tried.add(health),
    leaveOut: (deployment) => void leftOut.add(deployment),
    more() {
      const isLeft = (channel: Channel) =>
        !tried.has(channel.health) && health.standing(channel).state === "ready"
      return (
        opened.some((each) => each.all.some((candidate) => isUsable(candidate, each, false))) ||
        chain.rest().some(({ channels }) => channels.some((each) => isLeft(each) && !refuses(each)))
      )
    },
    wasTried: ({ health }) => tried.has(health),
    isLimited,
    fitting: () =>
      opened.flatMap((opened) =>
        opened.all
          .filter((candidate) => fit.admits(candidate, opened.detour))
          .map((candidate) => ({ candidate, opened })),
      ),
    divert(detour, group, failed, error) {
      const larger =
        detour === "context-length" &&
        opened.some((each) =>
          each.all.some(
            (candidate) =>
              fit.isLarger(candidate.channel.deployment, failed, error) &&
              isUsable(candidate, each, false),
          ),
        )
      if (!larger && !chain.leads(detour, group)) return false
      fit.refused(detour, failed, error)
      chain.divert(detour, group, false)
      return true
    },
  }
}

/** Whether an objection is about how much is used, and ends by itself. */
export function isLimit({ soft, until, busy }: Omit<Objection, "filter">): boolean {
  return !soft && (busy === true || until !== undefined)
}
