import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Group, RoutingRequest } from "../core/routing.ts"
import type { Retries } from "../core/settings.ts"
import { contextOf } from "./candidates.ts"
import { detourOf } from "./chain.ts"
import { earliest, endOfOutage } from "./earliest.ts"
import { expectedTokens } from "./estimate-tokens.ts"
import type { Filter } from "./filters/filter.ts"
import type { Health, Trial } from "./health.ts"
import { leastBad } from "./least-bad.ts"
import { onlyOne } from "./only-one.ts"
import { createProspects, type Found, type Opened, type Prospects } from "./prospects.ts"
import { createRepeats, type Repeats } from "./repeat.ts"
import type { Resolution, RouteTable } from "./resolve.ts"
import type { RetryBudget } from "./retry-budget.ts"

export type { Opened }

/** One attempt to make: after `wait` milliseconds, on this channel. */
export interface Step {
  readonly channel: Channel
  /** The group that it was found in. */
  readonly group: Group
  /**
   * `first` and `next` are healthy and new; `retry` was tried before; `resting` may be well again;
   * `panic` is behind an open breaker, and nothing better is left; `hedge` runs beside another one.
   */
  readonly why: "first" | "next" | "retry" | "resting" | "panic" | "hedge"
  readonly wait: number
}

/** The ordered decision of one request, taken step by step as attempts fail. */
export interface Walk {
  /** What to try next; undefined when nothing is left. */
  next(): Step | undefined
  /** A second attempt beside this one, where its group has another healthy channel. */
  hedge(step: Step): Step | undefined
  /** Whether a step that has waited may still begin: much may have happened meanwhile. */
  mayBegin(step: Step): boolean
  /** Marks a step's channel as in use. Every step ends in exactly one of the three below. */
  begin(step: Step): Trial
  /** The step's answer has begun. */
  answered(step: Step): void
  /** @returns whether anything else may be tried */
  failed(step: Step, error: GatewayError): boolean
  /** The step ended, or never began, without saying anything. */
  abandoned(step: Step): void
  /** Whether a healthy channel is left untried. */
  more(): boolean
  /**
   * When a limit that is in the way ends: monotonic milliseconds, Infinity for when something that is
   * under way does; undefined when no limit is in the way.
   */
  earliest(): number | undefined
  /** When the first breaker lets a request through, where all are open; else undefined. */
  endOfOutage(): number | undefined
  /** Every group that was looked at, in order, with what its strategy said. */
  readonly opened: readonly Opened[]
}

export interface WalkOptions {
  resolution: Resolution
  table: RouteTable
  health: Health
  clock: Clock
  budget: RetryBudget
  request: RoutingRequest
  filters: readonly Filter[]
  /** Undefined when a channel's deployment can serve the request at all, else why not. */
  refuses(channel: Channel): string | undefined
  /** A number in [0, 1). */
  random: () => number
}

/**
 * The order of attempts:
 * 1. healthy channels: groups in fallback order, deployments as the strategy orders them, keys in
 *    turn; a rejected or limited key leads to the next key, any other failure to the next deployment;
 * 2. the keys that were left out in 1;
 * 3. channels that rest after a network or server failure, soonest ready first;
 * 4. the same channels again after a pause;
 * 5. when nothing else was there to try: a channel behind an open breaker.
 *
 * 1 and 2 are free: a healthy channel is always found. The others end with `retries.attempts` and
 * need the retry budget. When a request finds nothing healthy at all, it makes one attempt and no
 * more, so that an outage is not amplified.
 *
 * A request that is too long, or refused for what it says, goes where the group sends it: never to
 * the same model again.
 */
export function createWalk(options: WalkOptions): Walk {
  return new RequestWalk(options)
}

/** A class, since every request has one. */
class RequestWalk implements Walk {
  readonly #options: WalkOptions
  readonly #prospects: Prospects
  #repeats: Repeats | undefined
  #failures: Map<ChannelHealth, { step: Step; error: GatewayError }> | undefined
  #attempts = 0
  #desperate = false
  /** A failed step whose provider says that it is worth another try. */
  #hopeful: Step | undefined

  constructor(options: WalkOptions) {
    const { pinned, group } = options.resolution
    this.#options = options
    this.#prospects = pinned ? onlyOne(pinned, options) : createProspects(group, options)
  }

  get opened(): readonly Opened[] {
    return this.#prospects.opened
  }

  next(): Step | undefined {
    const mayRepeat = this.#attempts <= this.#retries.attempts && !this.#desperate
    const worthIt = this.#hopeful && mayRepeat && this.#again(this.#hopeful)
    this.#hopeful = undefined
    if (worthIt) return worthIt
    const healthy = this.#prospects.take()
    if (healthy) return this.#stepTo(healthy, this.#attempts === 0 ? "first" : "next")
    if (!mayRepeat) return undefined
    return this.#resting(false) ?? this.#again() ?? this.#resting(true)
  }

  hedge({ channel, group }: Step): Step | undefined {
    if (!this.#prospects.hasBeside(channel, group)) return undefined
    return this.#budgeted((give) =>
      this.#stepTo(this.#prospects.takeBeside(channel, group)!, "hedge", 0, give),
    )
  }

  mayBegin({ channel }: Step): boolean {
    const { health } = this.#options
    return health.standing(channel).state !== "open" && !this.#prospects.isLimited(channel)
  }

  begin(step: Step): Trial {
    const { request, health } = this.#options
    const { stream, inputTokens } = request
    const { channel, why, from } = step as FoundStep
    const tokens = expectedTokens(request, channel.deployment)
    // The first one begins in the turn in which its group was looked at.
    const now = why === "first" ? from.opened.at : undefined
    return health.begin(channel, tokens, stream, inputTokens, now)
  }

  answered(step: Step): void {
    this.abandoned(step)
    this.#tell("answered", step)
  }

  failed(step: Step, error: GatewayError): boolean {
    this.abandoned(step)
    const { pinned } = this.#options.resolution
    const { channel, group } = step
    // A provider's own rule knows better.
    const ruled = error.detail.rule?.next !== undefined
    const detour = pinned || ruled ? undefined : detourOf(error)
    if (detour && this.#prospects.divert(detour, group, channel.deployment, error)) return true
    const { next } = error.rule
    if (next === "fail") return false
    this.#failures ??= new Map()
    this.#failures.set(channel.health, { step, error })
    if (error.kind !== "unsupported") this.#tell("failed", step)
    if (next === "retry") this.#hopeful = step
    if (next !== "next-key") this.#prospects.leaveOut(channel.deployment)
    return true
  }

  abandoned(step: Step): void {
    ;(step as FoundStep).give?.()
  }

  more(): boolean {
    return this.#prospects.more()
  }

  earliest(): number | undefined {
    return earliest(this.opened, this.#options.health)
  }

  endOfOutage(): number | undefined {
    return endOfOutage(this.opened, this.#options.health)
  }

  get #retries(): Retries {
    return this.#options.resolution.group.retries
  }

  #stepTo(from: Found, why: Step["why"], wait = 0, give?: () => void): Step {
    const { candidate, opened } = from
    this.#attempts++
    return { channel: candidate.channel, group: opened.group, why, wait, from, give } as FoundStep
  }

  /** A step that is made only where the retry budget has room. */
  #budgeted(make: (give: () => void) => Step): Step | undefined {
    const give = this.#options.budget.take()
    return give && make(give)
  }

  /** A channel that rests after a failure which may be over: better than no answer. */
  #resting(broken: boolean): Step | undefined {
    const untried = this.#prospects
      .fitting()
      .filter(({ candidate: { channel } }) => !this.#prospects.wasTried(channel))
    const best = leastBad(untried, this.#options.health, broken)
    if (!best) return undefined
    return this.#budgeted((give) => {
      this.#desperate = this.#attempts === 0
      this.#prospects.mark(best.candidate.channel)
      return this.#stepTo(best, broken ? "panic" : "resting", 0, give)
    })
  }

  #again(only?: Step): Step | undefined {
    if (!this.#failures) return undefined
    const { clock, random } = this.#options
    this.#repeats ??= createRepeats(this.#retries, clock, random)
    const repeats = this.#repeats
    let best: { step: Step; wait: number } | undefined
    for (const { step, error } of this.#failures.values()) {
      if (only && step !== only) continue
      const wait = repeats.waitBefore(step.channel, error)
      if (wait !== undefined && (!best || wait < best.wait)) best = { step, wait }
    }
    if (!best) return undefined
    const { step, wait } = best
    return this.#budgeted((give) => {
      repeats.count()
      this.#failures!.delete(step.channel.health)
      return this.#stepTo((step as FoundStep).from, "retry", wait, give)
    })
  }

  #tell(outcome: "answered" | "failed", step: Step): void {
    if (this.#options.resolution.pinned) return
    const { from, channel, group } = step as FoundStep
    group.strategy[outcome]?.(channel, contextOf(from.opened, from.candidate))
  }
}

/** What a walk knows of the steps that it has made. */
interface FoundStep extends Step {
  readonly from: Found
  /** Gives back its part of the retry budget. */
  readonly give: (() => void) | undefined
}
