import type { HeaderView } from "../core/byte-source.ts"
import { waitInWords, waitOf } from "./told-wait.ts"

/** Exhausted limits name what they limit at their end, or nothing: `x-ratelimit-remaining-tokens-minute`. */
const REMAINING = /^((?:x-)?ratelimit-)remaining(-[a-z-]+)?$/

/**
 * How long an upstream asks us to wait, in milliseconds, from whichever header says it:
 * `retry-after-ms`, `retry-after` in seconds or as a date (RFC 9110 §10.2.3), or the latest reset of its
 * exhausted limits. At most a day.
 *
 * @param wall milliseconds since 1970, for dates
 */
export function retryAfterMs(headers: HeaderView, wall: number): number | undefined {
  const exact = headers.get("retry-after-ms") ?? headers.get("x-ms-retry-after-ms")
  return (
    (exact === null ? undefined : waitOf(`${exact.trim()}ms`, wall)) ??
    waitOf(headers.get("retry-after"), wall) ??
    waitForReset(headers, wall)
  )
}

/** The same, or what the error's message says in words. */
export function toldWaitMs(
  headers: HeaderView,
  message: string | undefined,
  wall: number,
): number | undefined {
  return retryAfterMs(headers, wall) ?? waitInWords(message)
}

function waitForReset(headers: HeaderView, wall: number): number | undefined {
  let longest: number | undefined
  headers.forEach((value, name) => {
    if (value.trim() !== "0") return
    const [, family, limited = ""] = REMAINING.exec(name) ?? []
    const wait = family && waitOf(headers.get(`${family}reset${limited}`), wall)
    if (typeof wait === "number") longest = Math.max(longest ?? 0, wait)
  })
  return longest
}
