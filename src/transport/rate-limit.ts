import type { HeaderView } from "../core/byte-source.ts"
import type { Clock } from "../core/clock.ts"
import type { LearnedLimit } from "../core/traffic.ts"
import { waitOf } from "./told-wait.ts"

/** Milliseconds of a window whose end was not told. */
const USUAL_WINDOW = 60_000

/** The headers that tell one limit. */
export interface LimitHeaders {
  limit: string
  remaining: string
  reset: string
}

/** What an answer's headers tell of one limit; undefined where they do not say how much of it is left. */
export function toldLimit(
  headers: HeaderView,
  names: LimitHeaders,
  clock: Clock,
): LearnedLimit | undefined {
  const remaining = count(headers.get(names.remaining))
  if (remaining === undefined) return undefined
  // Some tell only what is left.
  const limit = count(headers.get(names.limit)) ?? Number.NaN
  const wait = waitOf(headers.get(names.reset), clock.wall()) ?? USUAL_WINDOW
  return { limit, remaining, resetAt: clock.now() + wait }
}

/** Some count below zero what was taken beyond the limit. */
function count(value: string | null): number | undefined {
  if (value === null || !/^\s*-?\d{1,15}(\.\d+)?\s*$/.test(value)) return undefined
  return Math.max(0, Number(value))
}
