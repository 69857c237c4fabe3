import type { HeaderView } from "../../core/byte-source.ts"
import type { Clock } from "../../core/clock.ts"
import type { LearnedLimit, ToldLimits } from "../../core/traffic.ts"
import { toldLimit } from "../../transport/rate-limit.ts"
import { waitOf } from "../../transport/told-wait.ts"

const FAMILY = "anthropic-ratelimit-"

/** Buckets of the API, one header family each. https://platform.claude.com/docs/en/api/rate-limits */
const TOKENS = ["tokens", "input-tokens", "output-tokens"].map(namesOf)
const REQUESTS = namesOf("requests")
const BUCKETS = [REQUESTS, ...TOKENS]

interface Names {
  limit: string
  remaining: string
  reset: string
}

function namesOf(bucket: string): Names {
  const name = `${FAMILY}${bucket}`
  return { limit: `${name}-limit`, remaining: `${name}-remaining`, reset: `${name}-reset` }
}

/**
 * Milliseconds until the last of the exhausted limits is reset, for answers without `retry-after`.
 *
 * @param wall milliseconds since 1970
 */
export function resetMs(headers: HeaderView, wall: number): number | undefined {
  const waits = BUCKETS.flatMap(({ remaining, reset }) =>
    headers.get(remaining) === "0" ? (waitOf(headers.get(reset), wall) ?? []) : [],
  )
  return waits.length > 0 ? Math.max(...waits) : undefined
}

/** The limits that an answer's headers tell; of those of tokens, the one of which the least is left. */
export function rateLimits(headers: HeaderView, clock: Clock): ToldLimits | undefined {
  if (headers.hasBeginning?.(FAMILY) === false) return undefined
  const requests = toldLimit(headers, REQUESTS, clock)
  // Every answer that has one of them has these two.
  if (!requests && !headers.has(TOKENS[1]!.remaining)) return undefined
  let tokens: LearnedLimit | undefined
  for (const names of TOKENS) {
    const told = toldLimit(headers, names, clock)
    if (told && (!tokens || share(told) < share(tokens))) tokens = told
  }
  return { requests, tokens }
}

const share = ({ remaining, limit }: LearnedLimit) => remaining / limit
