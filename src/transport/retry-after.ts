/**
 * How long an upstream asks us to wait, in milliseconds, from whichever header says it:
 * `retry-after-ms`, `retry-after` in seconds or as a date (RFC 9110 §10.2.3), or the reset of an
 * exhausted OpenAI rate limit bucket (`6m0s`, `20ms`).
 *
 * @param wall milliseconds since 1970, for dates
 */
export function retryAfterMs(headers: Headers, wall: number): number | undefined {
  const exact = number(headers.get("retry-after-ms"))
  if (exact !== undefined) return exact
  const value = headers.get("retry-after")
  if (value) {
    const seconds = number(value)
    if (seconds !== undefined) return seconds * 1000
    // `Date.parse` also takes bare numbers for years.
    const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN
    if (!Number.isNaN(date)) return Math.max(0, date - wall)
  }
  for (const bucket of ["requests", "tokens"]) {
    if (headers.get(`x-ratelimit-remaining-${bucket}`) !== "0") continue
    const reset = goDuration(headers.get(`x-ratelimit-reset-${bucket}`))
    if (reset !== undefined) return reset
  }
  return undefined
}

function number(value: string | null): number | undefined {
  if (!value || !/^\s*\d+(\.\d+)?\s*$/.test(value)) return undefined
  return Number(value)
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `1h2m3.5s`, `20ms`: what Go prints for a duration. */
function goDuration(value: string | null): number | undefined {
  if (!value || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined
  let total = 0
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * UNITS[unit!]!
  }
  return total
}
