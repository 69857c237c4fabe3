import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, DeploymentHealth, StrategyState } from "../core/routing.ts"
import type { BreakerSettings, Cooldown } from "../core/settings.ts"

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
  strategy(group: string): StrategyState
  /** Drops what is known of channels that nobody names any more. */
  forget(channels: readonly Channel[]): void
  /** How a channel stands now. */
  standing(channel: Channel): Standing
  /** Marks a channel as in use; the trial then ends in exactly one of `succeed`, `fail` and `release`. */
  begin(channel: Channel): Trial
  /** The answer has begun: the channel works. Its deployment has yet to finish something. */
  answered(trial: Trial): void
  succeed(trial: Trial): void
  fail(trial: Trial, error: GatewayError): void
  /** The attempt ended without saying anything of the upstream: the client left. */
  release(trial: Trial): void
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

/** @param rules read at each failure, so that a reload changes them */
export function createHealth(clock: Clock, rules: () => HealthRules): Health {
  const channels = new Map<string, ChannelHealth>()
  const deployments = new Map<string, DeploymentHealth>()
  const strategies = new Map<string, StrategyState>()

  function pause({ channel: { health }, began }: Trial, error: GatewayError): void {
    const cause = error.rule.cooldown
    if (!cause) return
    const now = clock.now()
    const { cooldown } = rules()
    let length: number
    if (cause === "auth") {
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

  function endTrial({ channel: { health, deployment }, began }: Trial): void {
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
        }
        deployments.set(id, health)
      }
      return health
    },
    strategy(group) {
      let state = strategies.get(group)
      if (!state) {
        state = { scores: new Map() }
        strategies.set(group, state)
      }
      return state
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
    begin(channel) {
      const began = clock.now()
      const { health, deployment } = channel
      // A limit is over when its time is: there is nothing to try out.
      if (health.reason !== undefined && health.reason !== "rate-limit") health.probingSince = began
      if (deployment.health.opened > 0) deployment.health.probingSince = began
      return { channel, began }
    },
    answered,
    succeed(trial) {
      endTrial(trial)
      answered(trial)
      const breaker = trial.channel.deployment.health
      if (breaker.opened > 0 && trial.began < breaker.openedAt) return
      breaker.failures = 0
      breaker.opened = 0
      breaker.openUntil = 0
    },
    fail(trial, error) {
      endTrial(trial)
      pause(trial, error)
      if (error.rule.breaker) trip(trial.channel.deployment.health, trial.began)
    },
    release: endTrial,
  }
}
