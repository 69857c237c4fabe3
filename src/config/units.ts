const DURATION_UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SIZE_UNITS: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** `250ms`, `60s`, `5m`, `1.5h`, `1d` or a number of milliseconds, as milliseconds; undefined when it is none of these. */
export function parseDuration(value: string | number): number | undefined {
  return parseAmount(value, DURATION_UNITS)
}

/** `512b`, `64kb`, `32mb`, `1gb` or a number of bytes, as bytes; undefined when it is none of these. */
export function parseSize(value: string | number): number | undefined {
  const bytes = parseAmount(value, SIZE_UNITS)
  return bytes === undefined ? undefined : Math.floor(bytes)
}

/** The unit's own spelling for a number that was written without one or with another one: `"60 sec"` gives `"60s"`. */
export function correctDuration(text: string): string | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  if (!match) return undefined
  const word = match[2]!.toLowerCase()
  const unit = DURATION_WORDS.find(([pattern]) => pattern.test(word))?.[1]
  return unit && `${match[1]}${unit}`
}

/** The same for sizes: `"64 MiB"` gives `"64mb"`. */
export function correctSize(text: string): string | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b?|bytes?)\s*$/i.exec(text)
  return match ? `${match[1]}${match[2]!.toLowerCase()}b` : undefined
}

const DURATION_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|msecs?|millis?|milliseconds?)$/, "ms"],
  [/^(|s|secs?|seconds?)$/, "s"],
  [/^(m|mins?|minutes?)$/, "m"],
  [/^(h|hrs?|hours?)$/, "h"],
  [/^(d|days?)$/, "d"],
]

function parseAmount(value: string | number, units: Record<string, number>): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(value)
  const unit = match && units[match[2]!]
  return unit ? Number(match[1]) * unit : undefined
}
