import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Deployment, Group, RoutingRequest } from "../core/routing.ts"
import { type Candidate, candidatesOf, contextOf, isBetter, type Opened } from "./candidates.ts"
import { type Chain, createChain, type Detour } from "./chain.ts"
import { createFit, type Fit } from "./fit.ts"
import type { Filter, Objection } from "./filters/filter.ts"
import type { Health } from "./health.ts"
import type { RouteTable } from "./resolve.ts"

export type { Opened } from "./candidates.ts"

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
  refuses(channel: Channel): string | undefined
  random: () => number
}

export function createProspects(root: Group, options: ProspectsOptions): Prospects {
  return new GroupProspects(root, options)
}

/** Of a request that has learned nothing yet. */
const UNTAUGHT = createFit()

/** A class, since every request has one. */
class GroupProspects implements Prospects {
  readonly opened: Opened[] = []
  readonly #root: Group
  readonly #options: ProspectsOptions
  #fit: Fit = UNTAUGHT
  /** The groups behind the first one, which most requests never see. */
  #chain: Chain | undefined
  /** By health: a group and its fallback may name the same channel. Most requests try one. */
  #first: ChannelHealth | undefined
  #tried: Set<ChannelHealth> | undefined
  #leftOut: Set<Deployment> | undefined

  constructor(root: Group, options: ProspectsOptions) {
    this.#root = root
    this.#options = options
  }

  take(): Found | undefined {
    return this.#took(this.#best())
  }

  hasBeside(channel: Channel, group: Group): boolean {
    return this.#beside(channel, group) !== undefined
  }

  takeBeside(channel: Channel, group: Group): Found | undefined {
    return this.#took(this.#beside(channel, group))
  }

  mark({ health }: Channel): void {
    if (this.#first === undefined) this.#first = health
    else {
      this.#tried ??= new Set()
      this.#tried.add(health)
    }
  }

  leaveOut(deployment: Deployment): void {
    this.#leftOut ??= new Set()
    this.#leftOut.add(deployment)
  }

  more(): boolean {
    const { health } = this.#options
    const isLeft = (channel: Channel) =>
      !this.wasTried(channel) &&
      health.standing(channel).state === "ready" &&
      !this.#options.refuses(channel)
    return (
      this.opened.some((each) =>
        each.all.some((candidate) => this.#isUsable(candidate, each, false)),
      ) ||
      this.#groups()
        .rest()
        .some(({ channels }) => channels.some(isLeft))
    )
  }

  wasTried({ health }: Channel): boolean {
    return this.#first === health || this.#tried?.has(health) === true
  }

  isLimited(channel: Channel): boolean {
    const { clock, filters, request } = this.#options
    const now = clock.now()
    return filters.some((filter) => {
      const against = filter.checker(request, this.#root, now)?.(channel)
      return against !== undefined && isLimit(against)
    })
  }

  fitting(): Found[] {
    return this.opened.flatMap((opened) =>
      opened.all
        .filter((candidate) => this.#fit.admits(candidate, opened.detour))
        .map((candidate) => ({ candidate, opened })),
    )
  }

  divert(detour: Detour, group: Group, failed: Deployment, error: GatewayError): boolean {
    const larger =
      detour === "context-length" &&
      this.opened.some((each) =>
        each.all.some(
          (candidate) =>
            this.#fit.isLarger(candidate.channel.deployment, failed, error) &&
            this.#isUsable(candidate, each, false),
        ),
      )
    if (!larger && !this.#groups().leads(detour, group)) return false
    this.#learning().refused(detour, failed, error)
    this.#groups().divert(detour, group, false)
    return true
  }

  #look(group: Group, detour: Detour | undefined): Opened {
    return candidatesOf(this.#options, group, this.#options.clock.now(), detour)
  }

  /** @param fresh whether the group was looked at just now: else limits may have been reached */
  #isUsable(candidate: Candidate, { detour }: Opened, fresh: boolean): boolean {
    const { channel, rank } = candidate
    if (rank === Number.POSITIVE_INFINITY || this.wasTried(channel)) return false
    if (!this.#fit.admits(candidate, detour)) return false
    if (fresh) return true
    return this.#options.health.standing(channel).state === "ready" && !this.isLimited(channel)
  }

  #bestOf(from: Opened, fresh: boolean, not?: Deployment): Found | undefined {
    let best: Candidate | undefined
    for (const candidate of from.all) {
      const { deployment } = candidate.channel
      if (deployment === not || this.#leftOut?.has(deployment)) continue
      if (best && !isBetter(candidate, best)) continue
      if (this.#isUsable(candidate, from, fresh)) best = candidate
    }
    return best && { candidate: best, opened: from }
  }

  #best(): Found | undefined {
    for (const group of this.opened) {
      const found = this.#bestOf(group, false)
      if (found) return found
    }
    for (let group = this.#nextGroup(); group; group = this.#nextGroup()) {
      const fresh = this.#look(group, this.#fit.detour)
      this.opened.push(fresh)
      if (this.#fit.isTooSmall(fresh) && this.#groups().leads("context-length", group)) {
        this.#groups().divert("context-length", group, true)
        this.#learning().avoid("context-length")
        continue
      }
      const found = this.#bestOf(fresh, true)
      if (found) return found
    }
    // What seemed too small is tried when what is larger is out of order.
    if (this.#fit.forgive()) return this.#best()
    if (this.#leftOut) {
      this.#leftOut = undefined
      return this.#best()
    }
    return this.#lookAgain()
  }

  #nextGroup(): Group | undefined {
    return this.opened.length === 0 && !this.#chain ? this.#root : this.#groups().next()
  }

  /** What the request itself has learned; nearly all learn nothing. */
  #learning(): Fit {
    if (this.#fit === UNTAUGHT) this.#fit = createFit()
    return this.#fit
  }

  /** The way of this request, from where it is on it. */
  #groups(): Chain {
    if (!this.#chain) {
      this.#chain = createChain(this.#root, this.#options.table)
      if (this.opened.length > 0) this.#chain.next()
    }
    return this.#chain
  }

  /** What was out of order at first may be well by now. */
  #lookAgain(): Found | undefined {
    const now = this.#options.clock.now()
    for (const [index, old] of this.opened.entries()) {
      if (old.at === now) continue
      const fresh = candidatesOf(this.#options, old.group, now, old.detour, old.first ?? old)
      this.opened[index] = fresh
      const found = this.#bestOf(fresh, true)
      if (found) return found
    }
    return undefined
  }

  #beside({ deployment }: Channel, group: Group): Found | undefined {
    const from = this.opened.find((each) => each.group === group)
    return from && (this.#bestOf(from, false, deployment) ?? this.#bestOf(from, false))
  }

  #took(found: Found | undefined): Found | undefined {
    if (!found) return undefined
    const { candidate, opened } = found
    this.mark(candidate.channel)
    candidate.channel.deployment.health.turn++
    opened.group.strategy.picked?.(candidate.channel, contextOf(opened, candidate))
    return found
  }
}

/** Whether an objection is about how much is used, and ends by itself. */
export function isLimit({ soft, until, busy }: Omit<Objection, "filter">): boolean {
  return !soft && (busy === true || until !== undefined)
}
