import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { Walk } from "./walk.ts"

/** The error of a limit or of an outage, with the time when the first of all channels is to be had. */
export function withSoonest(error: GatewayError, walk: Walk, clock: Clock): GatewayError {
  const { cooldown, breaker } = error.rule
  const at = cooldown === "rate-limit" ? walk.earliest() : breaker ? walk.endOfOutage() : undefined
  if (at === undefined || at === Number.POSITIVE_INFINITY) return error
  const wait = Math.max(0, at - clock.now())
  const { retryAfterMs = Number.POSITIVE_INFINITY } = error.detail
  if (wait >= retryAfterMs) return error
  return new GatewayError(error.kind, error.message, { ...error.detail, retryAfterMs: wait })
}
