/** Longest wait that an upstream is believed, in milliseconds: a day. */
const LONGEST = 86_400_000
/** Characters of a message in which a wait is looked for. */
const LOOKED_AT = 4096

const SECOND = 1000
/** By their first letter, but for milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 24 * 3600 * SECOND,
}

const AMOUNT = String.raw`\d+(?:\.\d+)?`
const UNIT = "(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
const PARTS = `(?:${AMOUNT}\\s*${UNIT}[\\s,]*(?:and\\s+)?)+`
const WHOLE = new RegExp(`^${PARTS}$`, "i")
/** What answers tell most: `120ms`, `7.66s`. */
const ONE_PART = /^(\d+(?:\.\d+)?)(m?s)$/
const PART = new RegExp(`(${AMOUNT})\\s*(${UNIT})`, "gi")
const IN_WORDS = new RegExp(`\\b(?:try again|retry) (?:in|after) (${PARTS})`, "i")

/** Milliseconds of a wait, never negative and at most a day. */
function bounded(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.round(ms)), LONGEST)
}

/** `1h2m3.5s`, `20ms`, `2 minutes and 30 seconds`, in milliseconds. */
function durationMs(text: string): number {
  let total = 0
  for (const [, amount, unit = ""] of text.matchAll(PART)) {
    total += Number(amount) * (/^(ms|mil)/i.test(unit) ? 1 : UNITS[unit[0]!.toLowerCase()]!)
  }
  return total
}

/**
 * How long a header's value asks to wait, in milliseconds: seconds, a duration (`6m0s`), or a moment, as
 * an HTTP date, as RFC 3339, or in seconds or milliseconds since 1970.
 *
 * @param wall milliseconds since 1970
 * @returns undefined for anything else
 */
export function waitOf(value: string | null | undefined, wall: number): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(waitOfNumber(Number(text), wall))
  const one = ONE_PART.exec(text)
  if (one) return bounded(Number(one[1]) * (one[2] === "ms" ? 1 : SECOND))
  if (WHOLE.test(text)) return bounded(durationMs(text))
  // `Date.parse` takes much for a date that is none.
  return /^\d{4}-\d\d-\d\dT|^(mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? /i.test(text)
    ? bounded(Date.parse(asDate(text, wall)) - wall)
    : undefined
}

/** No wait is as long as 1970 is ago. */
function waitOfNumber(value: number, wall: number): number {
  if (value >= 1e12) return value - wall
  return value >= 1e9 ? value * SECOND - wall : value * SECOND
}

/**
 * What `Date.parse` misreads of the obsolete forms that RFC 9110 §5.6.7 wants understood: `asctime` has no
 * zone and means UTC, and a year of two digits that is more than 50 years ahead is a past one.
 */
function asDate(text: string, wall: number): string {
  if (/^[a-z]{3} [a-z]{3} [ \d]\d [\d:]{8} \d{4}$/i.test(text)) return `${text} GMT`
  const short = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) ([\d:]{8}) GMT$/i.exec(text)
  if (!short) return text
  const [, day, month, year, time] = short
  const now = new Date(wall).getUTCFullYear()
  const near = now - (now % 100) + Number(year)
  return `${day} ${month} ${near > now + 50 ? near - 100 : near} ${time} GMT`
}

/** How long a message asks to wait, in milliseconds: `Please try again in 6.5s.`, `retry after 3 seconds`. */
export function waitInWords(message: string | undefined): number | undefined {
  const found = message && IN_WORDS.exec(message.slice(0, LOOKED_AT))
  return found ? bounded(durationMs(found[1]!)) : undefined
}
