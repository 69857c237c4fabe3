import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel } from "../core/routing.ts"
import type { Retries } from "../core/settings.ts"

/** When a channel that has failed may be tried again by the same request. */
export interface Repeats {
  /** Milliseconds before it may; undefined is never. */
  waitBefore(channel: Channel, error: GatewayError): number | undefined
  /** One of them is made. */
  count(): void
}

/** Backoff with full jitter that grows with each repeat; never sooner than the upstream asked for. */
export function createRepeats(retries: Retries, clock: Clock, random: () => number): Repeats {
  return new Backoff(retries, clock, random)
}

/** A class, since every request has one. */
class Backoff implements Repeats {
  readonly #retries: Retries
  readonly #clock: Clock
  readonly #random: () => number
  #rounds = 0

  constructor(retries: Retries, clock: Clock, random: () => number) {
    this.#retries = retries
    this.#clock = clock
    this.#random = random
  }

  waitBefore(channel: Channel, error: GatewayError): number | undefined {
    const { backoff: first, maxBackoff } = this.#retries
    if (channel.deployment.health.opened > 0) return undefined
    const backoff = this.#random() * Math.min(maxBackoff, first * 2 ** this.#rounds)
    const asked = error.detail.retryAfterMs
    const { rule } = error
    if (rule.cooldown === "rate-limit" || asked !== undefined) {
      const until = channel.health.pausedUntil - this.#clock.now()
      const wait = asked === undefined ? until : Math.max(until, asked)
      const known = asked !== undefined || rule.next === "retry"
      return known && wait <= maxBackoff ? Math.max(wait, backoff) : undefined
    }
    return rule.breaker || rule.next === "retry" ? backoff : undefined
  }

  count(): void {
    this.#rounds++
  }
}
