import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth, DeploymentHealth, StrategyState } from "../core/routing.ts"
import type { BreakerSettings, Cooldown } from "../core/settings.ts"

/** Longest pause that an upstream can ask for, in milliseconds: a day. */
const LONGEST_RETRY_AFTER = 86_400_000

/** What the router has learned of its upstreams. Survives reloads: state is by stable ids. */
export interface Health {
  channel(id: string): ChannelHealth
  deployment(id: string): DeploymentHealth
  strategy(group: string): StrategyState
  /** How a channel stands now. */
  standing(channel: Channel): Standing
  /** Marks a channel as in use; the caller then calls one of the three below exactly once. */
  begin(channel: Channel): void
  succeed(channel: Channel): void
  fail(channel: Channel, error: GatewayError): void
  /** The attempt ended without saying anything of the upstream: the client left. */
  release(channel: Channel): void
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

/** @param rules read at each failure, so that a reload changes them */
export function createHealth(clock: Clock, rules: () => HealthRules): Health {
  const channels = new Map<string, ChannelHealth>()
  const deployments = new Map<string, DeploymentHealth>()
  const strategies = new Map<string, StrategyState>()

  function pause(channel: Channel, error: GatewayError): void {
    const { health } = channel
    const cause = error.rule.cooldown
    if (!cause) return
    const { cooldown } = rules()
    health.reason = cause
    if (cause === "auth") {
      const length = cooldown.auth * 2 ** Math.min(health.rejections++, 20)
      health.pausedUntil = clock.now() + Math.min(length, cooldown.authMax)
      return
    }
    const asked = error.detail.retryAfterMs
    const usual = cause === "rate-limit" ? cooldown.rateLimit : cooldown[cause]
    const length = asked === undefined ? usual : Math.min(asked, LONGEST_RETRY_AFTER)
    health.pausedUntil = clock.now() + length
  }

  function trip(health: DeploymentHealth): void {
    const { breaker } = rules()
    health.failures++
    if (breaker.failures === 0) return
    const probeFailed = health.opened > 0
    if (!probeFailed && health.failures < breaker.failures) return
    // Failures of requests that were already under way say nothing new of an open breaker.
    if (probeFailed && health.openUntil > clock.now()) return
    const length = Math.min(breaker.open * 2 ** Math.min(health.opened, 20), breaker.maxOpen)
    health.opened++
    health.openUntil = clock.now() + length
  }

  return {
    channel(id) {
      let health = channels.get(id)
      if (!health) {
        health = { id, pausedUntil: 0, reason: undefined, rejections: 0, probing: false }
        channels.set(id, health)
      }
      return health
    },
    deployment(id) {
      let health = deployments.get(id)
      if (!health) {
        health = { id, failures: 0, openUntil: 0, opened: 0, turn: 0, probing: false }
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
    standing({ health, deployment }) {
      const breaker = deployment.health
      if (breaker.opened === 0 && health.reason === undefined) return READY
      const now = clock.now()
      if (breaker.opened > 0) {
        if (breaker.openUntil > now) return { state: "open", until: breaker.openUntil }
        if (breaker.probing) return BUSY
      }
      if (health.reason !== undefined) {
        if (health.pausedUntil > now) return { state: "paused", until: health.pausedUntil }
        if (health.probing) return BUSY
      }
      return READY
    },
    begin({ health, deployment }) {
      if (health.reason !== undefined) health.probing = true
      if (deployment.health.opened > 0) deployment.health.probing = true
    },
    succeed({ health, deployment }) {
      health.reason = undefined
      health.pausedUntil = 0
      health.rejections = 0
      health.probing = false
      const breaker = deployment.health
      breaker.failures = 0
      breaker.opened = 0
      breaker.openUntil = 0
      breaker.probing = false
    },
    fail(channel, error) {
      channel.health.probing = false
      channel.deployment.health.probing = false
      pause(channel, error)
      if (error.rule.breaker) trip(channel.deployment.health)
    },
    release({ health, deployment }) {
      health.probing = false
      deployment.health.probing = false
    },
  }
}
