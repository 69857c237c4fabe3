import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Group, RoutingRequest } from "../core/routing.ts"
import { detourOf } from "./chain.ts"
import { earliest, endOfOutage } from "./earliest.ts"
import { expectedTokens } from "./estimate-tokens.ts"
import type { Filter } from "./filters/filter.ts"
import type { Health, Trial } from "./health.ts"
import { leastBad } from "./least-bad.ts"
import { onlyOne } from "./only-one.ts"
import { createProspects, type Found, type Opened } from "./prospects.ts"
import { createRepeats } from "./repeat.ts"
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
  refuses: (channel: Channel) => string | undefined
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
  const { resolution, health, budget, request } = options
  const { pinned, group: root } = resolution
  const { retries } = root
  const prospects = pinned ? onlyOne(pinned, options) : createProspects(root, options)
  const repeats = createRepeats(retries, options.clock, options.random)
  const failures = new Map<ChannelHealth, { step: Step; error: GatewayError }>()
  /** Where steps were found, and what gives back their part of the retry budget. */
  const found = new Map<Step, Found>()
  const taken = new Map<Step, () => void>()
  let attempts = 0
  let desperate = false
  /** A failed step whose provider says that it is worth another try. */
  let hopeful: Step | undefined

  function stepTo(from: Found, why: Step["why"], wait = 0): Step {
    const { candidate, opened } = from
    const step: Step = { channel: candidate.channel, group: opened.group, why, wait }
    found.set(step, from)
    attempts++
    return step
  }

  /** A step that is made only where the retry budget has room. */
  function budgeted(make: () => Step): Step | undefined {
    const give = budget.take()
    if (!give) return undefined
    const step = make()
    taken.set(step, give)
    return step
  }

  /** A channel that rests after a failure which may be over: better than no answer. */
  function resting(broken: boolean): Step | undefined {
    const untried = prospects
      .fitting()
      .filter(({ candidate: { channel } }) => !prospects.wasTried(channel))
    const best = leastBad(untried, health, broken)
    if (!best) return undefined
    return budgeted(() => {
      desperate = attempts === 0
      prospects.mark(best.candidate.channel)
      return stepTo(best, broken ? "panic" : "resting")
    })
  }

  function again(only?: Step): Step | undefined {
    let best: { step: Step; wait: number } | undefined
    for (const { step, error } of failures.values()) {
      if (only && step !== only) continue
      const wait = repeats.waitBefore(step.channel, error)
      if (wait !== undefined && (!best || wait < best.wait)) best = { step, wait }
    }
    if (!best) return undefined
    const { step, wait } = best
    return budgeted(() => {
      repeats.count()
      failures.delete(step.channel.health)
      return stepTo(found.get(step)!, "retry", wait)
    })
  }

  function next(): Step | undefined {
    const mayRepeat = attempts <= retries.attempts && !desperate
    const worthIt = hopeful && mayRepeat && again(hopeful)
    hopeful = undefined
    if (worthIt) return worthIt
    const healthy = prospects.take()
    if (healthy) return stepTo(healthy, attempts === 0 ? "first" : "next")
    if (!mayRepeat) return undefined
    return resting(false) ?? again() ?? resting(true)
  }

  function ended(step: Step): void {
    taken.get(step)?.()
  }

  function tell(outcome: "answered" | "failed", step: Step): void {
    if (pinned) return
    step.group.strategy[outcome]?.(step.channel, found.get(step)!.candidate.context)
  }

  return {
    get opened() {
      return prospects.opened
    },
    next,
    hedge({ channel, group }) {
      if (!prospects.hasBeside(channel, group)) return undefined
      return budgeted(() => stepTo(prospects.takeBeside(channel, group)!, "hedge"))
    },
    mayBegin: ({ channel }) =>
      health.standing(channel).state !== "open" && !prospects.isLimited(channel),
    begin({ channel }) {
      const { stream, inputTokens } = request
      return health.begin(channel, expectedTokens(request, channel.deployment), stream, inputTokens)
    },
    answered(step) {
      ended(step)
      tell("answered", step)
    },
    failed(step, error) {
      ended(step)
      const { channel, group } = step
      // A provider's own rule knows better.
      const ruled = error.detail.rule?.next !== undefined
      const detour = pinned || ruled ? undefined : detourOf(error)
      if (detour && prospects.divert(detour, group, channel.deployment, error)) return true
      const { next } = error.rule
      if (next === "fail") return false
      failures.set(channel.health, { step, error })
      if (error.kind !== "unsupported") tell("failed", step)
      if (next === "retry") hopeful = step
      if (next !== "next-key") prospects.leaveOut(channel.deployment)
      return true
    },
    abandoned: ended,
    more: () => prospects.more(),
    earliest: () => earliest(prospects.opened, health),
    endOfOutage: () => endOfOutage(prospects.opened, health),
  }
}
