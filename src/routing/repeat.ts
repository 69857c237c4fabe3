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
  let rounds = 0
  return {
    waitBefore(channel, error) {
      if (channel.deployment.health.opened > 0) return undefined
      const backoff = random() * Math.min(retries.maxBackoff, retries.backoff * 2 ** rounds)
      const asked = error.detail.retryAfterMs
      const { rule } = error
      if (rule.cooldown === "rate-limit" || asked !== undefined) {
        const until = channel.health.pausedUntil - clock.now()
        const wait = asked === undefined ? until : Math.max(until, asked)
        const known = asked !== undefined || rule.next === "retry"
        return known && wait <= retries.maxBackoff ? Math.max(wait, backoff) : undefined
      }
      return rule.breaker || rule.next === "retry" ? backoff : undefined
    },
    count() {
      rounds++
    },
  }
}
