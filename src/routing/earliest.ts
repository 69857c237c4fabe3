import type { Health } from "./health.ts"
import { isLimit, type Opened } from "./prospects.ts"

/**
 * When a limit ends that keeps a request from being sent: monotonic milliseconds, Infinity for when
 * something that is under way does; undefined when no limit is in the way.
 */
export function earliest(opened: readonly Opened[], health: Health): number | undefined {
  let limited = false
  let at = Number.POSITIVE_INFINITY
  for (const { all } of opened) {
    for (const { channel, objection } of all) {
      if (objection && !objection.soft) {
        if (!isLimit(objection)) continue
        limited = true
        at = Math.min(at, objection.until ?? at)
        continue
      }
      const { state, until } = health.standing(channel)
      if (state === "paused" && channel.health.reason === "rate-limit") limited = true
      if (until > 0) at = Math.min(at, until)
    }
  }
  return limited ? at : undefined
}

/**
 * When the first breaker lets a request through again, in monotonic milliseconds; undefined while some
 * deployment that could take the request is not behind an open one.
 */
export function endOfOutage(opened: readonly Opened[], health: Health): number | undefined {
  let at = Number.POSITIVE_INFINITY
  for (const { all } of opened) {
    for (const { channel, objection } of all) {
      if (objection && !objection.soft) continue
      const { state, until } = health.standing(channel)
      if (state !== "open") return undefined
      at = Math.min(at, until)
    }
  }
  return at < Number.POSITIVE_INFINITY ? at : undefined
}
