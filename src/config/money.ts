import type { Budget } from "../core/settings.ts"

/** Nano-USD of a US dollar. */
const NANO = 1e9

const WINDOWS = ["hour", "day", "week", "month"] as const

/** `$5`, `$0.50/day`, `$20/month` as nano-USD in a window; undefined when it is none of these. */
export function parseMoney(text: string): Budget | undefined {
  const match = /^\$(\d+(?:\.\d+)?)(?:\/(hour|day|week|month))?$/.exec(text)
  if (!match) return undefined
  const amount = Math.round(Number(match[1]) * NANO)
  const window = WINDOWS.find((name) => name === match[2])
  return Number.isSafeInteger(amount) ? { amount, window } : undefined
}

/** How an amount is spelled that was written in another way: `"20 USD per day"` gives `"$20/day"`. */
export function correctMoney(text: string): string | undefined {
  const match =
    /^\s*(?:usd?\$?|\$)?\s*(\d+(?:\.\d+)?)\s*(?:\$|usd|dollars?)?\s*(?:(?:\/|per|an?)?\s*([a-z]+))?\s*$/i.exec(
      text,
    )
  if (!match) return undefined
  const [, amount, word] = match
  if (word === undefined) return `$${amount}`
  const window = WINDOWS.find((name) => WORDS[name].test(word))
  return window && `$${amount}/${window}`
}

const WORDS = {
  hour: /^(h|hr|hours?|hourly)$/i,
  day: /^(d|days?|daily)$/i,
  week: /^(w|wk|weeks?|weekly)$/i,
  month: /^(m|mo|mth|months?|monthly)$/i,
}
