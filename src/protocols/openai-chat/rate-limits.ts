import type { HeaderView } from "../../core/byte-source.ts"
import type { Clock } from "../../core/clock.ts"
import type { LearnedLimit, ToldLimits } from "../../core/traffic.ts"
import { type LimitHeaders, toldLimit } from "../../transport/rate-limit.ts"

const REMAINING = "x-ratelimit-remaining-"

/**
 * What vendors write behind `x-ratelimit-remaining-`, most common first: OpenAI, Azure and Groq; Mistral;
 * Cerebras (https://inference-docs.cerebras.ai/support/rate-limits).
 */
const REQUESTS = ["requests", "req-minute", "requests-day"].map(namesOf)
const TOKENS = ["tokens", "tokens-minute"].map(namesOf)

function namesOf(bucket: string): LimitHeaders {
  const name = (what: string) => `x-ratelimit-${what}-${bucket}`
  return { limit: name("limit"), remaining: name("remaining"), reset: name("reset") }
}

/** The limits that an answer's headers tell. */
export function rateLimits(headers: HeaderView, clock: Clock): ToldLimits | undefined {
  // Each name would be looked for in vain.
  if (headers.hasBeginning?.(REMAINING) === false) return undefined
  const requests = first(headers, REQUESTS, clock)
  const tokens = first(headers, TOKENS, clock)
  return requests || tokens ? { requests, tokens } : undefined
}

function first(
  headers: HeaderView,
  families: readonly LimitHeaders[],
  clock: Clock,
): LearnedLimit | undefined {
  for (const names of families) {
    const told = toldLimit(headers, names, clock)
    if (told) return told
  }
  return undefined
}
