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
