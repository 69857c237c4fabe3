import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Group, RoutingRequest } from "../core/routing.ts"
import { type Candidates, candidatesOf, isBetter } from "./candidates.ts"
import type { Filter } from "./filters/filter.ts"
import type { Health } from "./health.ts"
import type { Resolution, RouteTable } from "./resolve.ts"

/** One attempt to make: after `wait` milliseconds, on this channel. */
export interface Step {
  channel: Channel
  wait: number
}

/** The ordered decision of one request, taken step by step as attempts fail. */
export interface Walk {
  /** What to try next; undefined when nothing is left. */
  next(): Step | undefined
  failed(channel: Channel, error: GatewayError): void
  /** The attempt on this channel has begun its answer. */
  answered(channel: Channel): void
  /** Every group that was looked at, in order, with what its strategy said. */
  readonly opened: readonly Opened[]
}

/** A group with its candidates as they were when it was looked at. */
export interface Opened extends Candidates {
  readonly group: Group
}

export interface WalkOptions {
  resolution: Resolution
  table: RouteTable
  health: Health
  clock: Clock
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
 * 4. the same channels again after a pause, while `retries.attempts` lasts.
 *
 * 1 and 2 are not limited: a healthy channel is always found. When a request finds nothing healthy
 * at all, it makes one attempt and no more, so that an outage is not amplified.
 */
export function createWalk(options: WalkOptions): Walk {
  const { resolution, health, clock, random } = options
  const { pinned } = resolution
  const groups = pinned ? [] : chain(resolution.group, options.table)
  const retries = resolution.group.retries
  const opened: Opened[] = []
  /** By health: a group and its fallback may name the same channel. */
  const failures = new Map<ChannelHealth, { channel: Channel; error: GatewayError }>()
  /** Deployments whose other keys come later. */
  const leftOut = new Set<Channel["deployment"]>()
  let pin = pinned
  let attempts = 0
  let rounds = 0
  let desperate = false

  const untried = ({ health }: Channel) => !failures.has(health)
  const ready = (channel: Channel) => health.standing(channel).state === "ready"
  const considered = () =>
    pinned
      ? [pinned]
      : opened.flatMap(({ all }) =>
          all.filter(({ objection }) => !objection || objection.soft).map(({ channel }) => channel),
        )

  function open(group: Group): Opened {
    const { request, filters, refuses } = options
    const now = clock.now()
    const found = candidatesOf({ group, request, health, filters, refuses, now, random })
    const made = { group, ...found }
    opened.push(made)
    return made
  }

  function bestOf({ all, context, group }: Opened): Channel | undefined {
    let best: Opened["all"][number] | undefined
    for (const candidate of all) {
      const { channel } = candidate
      if (Number.isNaN(candidate.score) || !untried(channel)) continue
      if (leftOut.has(channel.deployment) || !ready(channel)) continue
      if (!best || isBetter(candidate, best)) best = candidate
    }
    if (!best) return undefined
    best.channel.deployment.health.turn++
    group.strategy.picked?.(best.channel, context)
    return best.channel
  }

  function healthy(): Channel | undefined {
    if (pin) {
      const channel = pin
      pin = undefined
      return channel
    }
    for (const group of opened) {
      const channel = bestOf(group)
      if (channel) return channel
    }
    for (let group = groups.shift(); group; group = groups.shift()) {
      const channel = bestOf(open(group))
      if (channel) return channel
    }
    if (leftOut.size === 0) return undefined
    leftOut.clear()
    return healthy()
  }

  /** A channel that rests after a failure which may be over: better than no answer. */
  function resting(): Channel | undefined {
    if (attempts > retries.attempts) return undefined
    let best: Channel | undefined
    for (const channel of considered()) {
      if (!untried(channel) || !mayRecover(channel)) continue
      if (!best || channel.health.pausedUntil < best.health.pausedUntil) best = channel
    }
    return best
  }

  function mayRecover(channel: Channel): boolean {
    const { reason } = channel.health
    if (reason !== "network" && reason !== "server") return false
    return channel.deployment.health.opened === 0
  }

  function again(): Step | undefined {
    if (desperate || attempts > retries.attempts) return undefined
    let best: Step | undefined
    for (const { channel, error } of failures.values()) {
      const wait = waitBefore(channel, error)
      if (wait !== undefined && (!best || wait < best.wait)) best = { channel, wait }
    }
    if (best) {
      rounds++
      failures.delete(best.channel.health)
    }
    return best
  }

  /** Milliseconds before the same channel may be tried again; undefined is never. */
  function waitBefore(channel: Channel, error: GatewayError): number | undefined {
    if (channel.deployment.health.opened > 0) return undefined
    const backoff = random() * Math.min(retries.maxBackoff, retries.backoff * 2 ** rounds)
    const asked = error.detail.retryAfterMs
    if (error.rule.cooldown === "rate-limit" || asked !== undefined) {
      const until = channel.health.pausedUntil - clock.now()
      return asked !== undefined && until <= retries.maxBackoff
        ? Math.max(until, backoff)
        : undefined
    }
    return error.rule.breaker ? backoff : undefined
  }

  return {
    opened,
    next() {
      const found = healthy()
      if (found) {
        attempts++
        return { channel: found, wait: 0 }
      }
      if (!desperate) {
        const last = resting()
        if (last) {
          desperate = attempts === 0
          attempts++
          return { channel: last, wait: 0 }
        }
      }
      const step = again()
      if (step) attempts++
      return step
    },
    failed(channel, error) {
      failures.set(channel.health, { channel, error })
      tell("failed", channel)
      if (error.rule.next !== "next-key") leftOut.add(channel.deployment)
    },
    answered: (channel) => tell("answered", channel),
  }

  /** Tells the strategies that have picked a channel what became of it. */
  function tell(outcome: "answered" | "failed", channel: Channel): void {
    for (const { group, all, context } of opened) {
      if (all.some((candidate) => candidate.channel === channel)) {
        group.strategy[outcome]?.(channel, context)
      }
    }
  }
}

/** A group and its fallbacks, depth first, each once. */
function chain(group: Group, table: RouteTable, seen = new Set<Group>()): Group[] {
  if (seen.has(group)) return []
  seen.add(group)
  const next = group.fallbacks.flatMap((name) => {
    const fallback = table.groups.get(name)
    return fallback ? chain(fallback, table, seen) : []
  })
  return [group, ...next]
}
