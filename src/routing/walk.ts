import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, Deployment, Group, StrategyView } from "../core/routing.ts"
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
  /** Every channel that could have served the request, for saying why none did. */
  readonly considered: readonly Channel[]
  /** Deployments that could not be considered: they have no key, or do not speak this. */
  readonly excluded: readonly Deployment[]
}

export interface WalkOptions {
  resolution: Resolution
  table: RouteTable
  health: Health
  clock: Clock
  view: StrategyView
  /** Whether a deployment can serve this request at all. */
  speaks: (deployment: Deployment) => boolean
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
  const { resolution, health, clock, view } = options
  const { pinned } = resolution
  const groups = pinned ? [resolution.group] : chain(resolution.group, options.table)
  const retries = resolution.group.retries
  const considered: Channel[] = []
  const excluded: Deployment[] = []
  /** By health: a group and its fallback may name the same channel. */
  const failures = new Map<ChannelHealth, { channel: Channel; error: GatewayError }>()
  const deployments: Deployment[] = []
  let keys: Channel[] = pinned ? [pinned] : []
  if (pinned) considered.push(pinned)
  let leftOut: Channel[] = []
  let nextGroup = pinned ? groups.length : 0
  let attempts = 0
  let rounds = 0
  let desperate = false

  const untried = ({ health }: Channel) => !failures.has(health)
  const ready = (channel: Channel) => health.standing(channel).state === "ready"

  function openGroup(group: Group): void {
    const usable: Deployment[] = []
    for (const deployment of group.deployments) {
      if (deployment.channels.length === 0 || !options.speaks(deployment)) {
        excluded.push(deployment)
        continue
      }
      considered.push(...deployment.channels)
      if (deployment.channels.some((channel) => untried(channel) && ready(channel))) {
        usable.push(deployment)
      }
    }
    deployments.push(...group.strategy.order(usable, group.state, view))
  }

  function openKeys(deployment: Deployment): void {
    const usable = deployment.channels.filter((channel) => untried(channel) && ready(channel))
    const turn = usable.length > 1 ? deployment.health.turn++ % usable.length : 0
    keys = [...usable.slice(turn), ...usable.slice(0, turn)]
  }

  function healthy(): Channel | undefined {
    for (;;) {
      const channel = keys.shift()
      if (channel) {
        if (untried(channel) && (channel === pinned || ready(channel))) return channel
        continue
      }
      const deployment = deployments.shift()
      if (deployment) {
        openKeys(deployment)
        continue
      }
      const group = groups[nextGroup++]
      if (!group) break
      openGroup(group)
    }
    while (leftOut.length > 0) {
      const channel = leftOut.shift()!
      if (untried(channel) && ready(channel)) return channel
    }
    return undefined
  }

  /** A channel that rests after a failure which may be over: better than no answer. */
  function resting(): Channel | undefined {
    if (attempts > retries.attempts) return undefined
    let best: Channel | undefined
    for (const channel of considered) {
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
    const backoff = view.random() * Math.min(retries.maxBackoff, retries.backoff * 2 ** rounds)
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
    considered,
    excluded,
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
      if (error.rule.next === "next-key") return
      leftOut = [...leftOut, ...keys]
      keys = []
    },
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
