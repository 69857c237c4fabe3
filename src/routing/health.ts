import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, DeploymentHealth, Strategy } from "../core/routing.ts"
import type { BreakerSettings, Cooldown } from "../core/settings.ts"
import type { Measured, ToldLimits } from "../core/traffic.ts"
import { createTraffic, type LiveTraffic } from "./traffic.ts"

/** Longest pause that an upstream can ask for, in milliseconds: a day. */
const LONGEST_RETRY_AFTER = 86_400_000
/** Milliseconds for which one trial keeps others away: a trial may be a minute-long answer. */
const TRIAL = 5000

const NEVER = Number.NEGATIVE_INFINITY

/** One attempt under way. What it says of its channel depends on when it began. */
export interface Trial {
  readonly channel: Channel
  /** Monotonic milliseconds. */
  readonly began: number
}

/** What the router has learned of its upstreams. Survives reloads: state is by stable ids. */
export interface Health {
  channel(id: string): ChannelHealth
  deployment(id: string): DeploymentHealth
  /** What a strategy remembers of a group, made at its first use. */
  memory<Memory>(group: string, strategy: Strategy<Memory>): Memory
  /** Drops what is known of channels that nobody names any more. */
  forget(channels: readonly Channel[]): void
  /** How a channel stands now. */
  standing(channel: Channel): Standing
  /**
   * Marks a channel as in use; the trial then ends in exactly one of `succeed`, `fail` and `release`.
   *
   * @param tokens that the attempt will use, guessed
   */
  begin(channel: Channel, tokens?: number): Trial
  /** The answer has begun: the channel works. Its deployment has yet to finish something. */
  answered(trial: Trial): void
  succeed(trial: Trial, measured?: Measured): void
  fail(trial: Trial, error: GatewayError): void
  /** The attempt ended without saying anything of the upstream: the client left. */
  release(trial: Trial): void
  /** An answer's headers told the channel's rate limits. */
  tell(channel: Channel, limits: ToldLimits): void
}

/**
 * `ready`; `busy`: recovering, and one request is already trying it; `paused` for a reason until a
 * time (monotonic ms); `open`: its deployment's breaker is.
 */
export type Standing =
  | { state: "ready" | "busy"; until: 0 }
  | { state: "paused" | "open"; until: number }

const READY: Standing = { state: "ready", until: 0 }
const BUSY: Standing = { state: "busy", until: 0 }

export interface HealthRules {
  cooldown: Cooldown
  breaker: BreakerSettings
}

/** The pause after the n-th rejection of a key in a row, counted from 0. */
export function rejectionPause({ auth, authMax }: Cooldown, rejections: number): number {
  return Math.min(auth * 2 ** Math.min(rejections, 20), authMax)
}

interface Live {
  readonly traffic: LiveTraffic
}

/** The figures of a channel and of its deployment. */
function trafficOf({ health, deployment }: Channel): LiveTraffic[] {
  return [
    (health as ChannelHealth & Live).traffic,
    (deployment.health as DeploymentHealth & Live).traffic,
  ]
}

/** @param rules read at each failure, so that a reload changes them */
export function createHealth(clock: Clock, rules: () => HealthRules): Health {
  const channels = new Map<string, ChannelHealth & Live>()
  const deployments = new Map<string, DeploymentHealth & Live>()
  const memories = new Map<string, Map<string, unknown>>()

  function pause({ channel: { health }, began }: Trial, error: GatewayError): void {
    const { cooldown: cause, cooldownMs } = error.rule
    if (!cause) return
    const now = clock.now()
    const { cooldown } = rules()
    let length: number
    if (cooldownMs !== undefined) {
      length = cooldownMs
    } else if (cause === "auth") {
      // Requests that were under way together are one rejection.
      if (health.reason === "auth" && began < health.pausedAt) return
      length = rejectionPause(cooldown, health.rejections++)
    } else {
      const usual = cause === "rate-limit" ? cooldown.rateLimit : cooldown[cause]
      length = Math.min(error.detail.retryAfterMs ?? usual, LONGEST_RETRY_AFTER)
    }
    // A pause that lasts longer knows more.
    if (health.reason !== undefined && health.pausedUntil > now + length) return
    health.reason = cause
    health.pausedAt = now
    health.pausedUntil = now + length
  }

  function trip(health: DeploymentHealth, began: number): void {
    const { breaker } = rules()
    if (breaker.failures === 0) return
    // Requests that began before the breaker opened say nothing new.
    if (health.opened > 0 && began < health.openedAt) return
    health.failures++
    if (health.opened === 0 && health.failures < breaker.failures) return
    const length = Math.min(breaker.open * 2 ** Math.min(health.opened, 20), breaker.maxOpen)
    health.opened++
    health.openedAt = clock.now()
    health.openUntil = health.openedAt + length
  }

  function endTrial({ channel, channel: { health, deployment }, began }: Trial): void {
    for (const traffic of trafficOf(channel)) traffic.end()
    if (health.probingSince === began) health.probingSince = NEVER
    if (deployment.health.probingSince === began) deployment.health.probingSince = NEVER
  }

  /** Clears a pause that is older than the trial. */
  function answered({ channel: { health }, began }: Trial): void {
    if (health.reason === undefined || began < health.pausedAt) return
    health.reason = undefined
    health.pausedUntil = 0
    health.rejections = 0
  }

  return {
    channel(id) {
      let health = channels.get(id)
      if (!health) {
        health = {
          id,
          pausedAt: 0,
          pausedUntil: 0,
          reason: undefined,
          rejections: 0,
          probingSince: NEVER,
          traffic: createTraffic(),
        }
        channels.set(id, health)
      }
      return health
    },
    deployment(id) {
      let health = deployments.get(id)
      if (!health) {
        health = {
          id,
          failures: 0,
          openedAt: 0,
          openUntil: 0,
          opened: 0,
          turn: 0,
          probingSince: NEVER,
          closedAt: NEVER,
          recovery: Number.NaN,
          traffic: createTraffic(),
        }
        deployments.set(id, health)
      }
      return health
    },
    memory<Memory>(group: string, strategy: Strategy<Memory>): Memory {
      let own = memories.get(group)
      if (!own) {
        own = new Map()
        memories.set(group, own)
      }
      let memory = own.get(strategy.name) as Memory | undefined
      if (memory === undefined && !own.has(strategy.name)) {
        memory = strategy.createMemory()
        own.set(strategy.name, memory)
      }
      return memory as Memory
    },
    forget(old) {
      for (const { health, deployment } of old) {
        channels.delete(health.id)
        deployments.delete(deployment.health.id)
      }
    },
    standing({ health, deployment }) {
      const breaker = deployment.health
      if (breaker.opened === 0 && health.reason === undefined) return READY
      const now = clock.now()
      if (breaker.opened > 0) {
        if (breaker.openUntil > now) return { state: "open", until: breaker.openUntil }
        if (now - breaker.probingSince < TRIAL) return BUSY
      }
      if (health.reason !== undefined) {
        if (health.pausedUntil > now) return { state: "paused", until: health.pausedUntil }
        if (now - health.probingSince < TRIAL) return BUSY
      }
      return READY
    },
    begin(channel, tokens = 0) {
      const began = clock.now()
      for (const traffic of trafficOf(channel)) traffic.begin(began, tokens)
      const { health, deployment } = channel
      // A limit is over when its time is: there is nothing to try out.
      if (health.reason !== undefined && health.reason !== "rate-limit") health.probingSince = began
      if (deployment.health.opened > 0) deployment.health.probingSince = began
      return { channel, began }
    },
    answered(trial) {
      const now = clock.now()
      for (const traffic of trafficOf(trial.channel)) traffic.firstContent(now, now - trial.began)
      answered(trial)
    },
    succeed(trial, measured) {
      endTrial(trial)
      const now = clock.now()
      for (const traffic of trafficOf(trial.channel)) traffic.succeeded(now, measured)
      answered(trial)
      const breaker = trial.channel.deployment.health
      if (breaker.opened > 0 && trial.began < breaker.openedAt) return
      breaker.failures = 0
      breaker.opened = 0
      breaker.openUntil = 0
    },
    fail(trial, error) {
      endTrial(trial)
      const now = clock.now()
      if (error.rule.breaker) for (const traffic of trafficOf(trial.channel)) traffic.failed(now)
      pause(trial, error)
      if (error.rule.breaker) trip(trial.channel.deployment.health, trial.began)
    },
    release: endTrial,
    tell(channel, limits) {
      for (const traffic of trafficOf(channel).slice(0, 1)) traffic.tell(limits)
    },
  }
}
