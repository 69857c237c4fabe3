import type { DeclaredPrice } from "../core/settings.ts"
import type { Usage } from "../core/usage.ts"

/** A price that may depend on the size of the request, in whole pico-USD per token. */
interface Rate {
  readonly base: number
  /** Ascending. The last one that `input` is above holds for all tokens, not only for those above it. */
  readonly tiers: readonly { readonly above: number; readonly rate: number }[]
}

/** What each kind of token costs; a kind without a rate of its own costs what its whole does. */
interface Rates {
  readonly input: Rate | undefined
  readonly output: Rate | undefined
  readonly cacheRead: Rate | undefined
  readonly cacheWrite: Rate | undefined
  readonly reasoning: Rate | undefined
  /** Pico-USD for the request itself. */
  readonly request: number
}

/** When rates hold: since a moment, or at some hours of each day (UTC); neither is always. */
interface Period {
  /** Milliseconds since 1970. */
  readonly since?: number
  /** Milliseconds since midnight UTC; `from` may lie after `to`. */
  readonly hours?: { readonly from: number; readonly to: number }
  readonly rates: Rates
}

/** The price of one model at one vendor, to be looked up once and used for many requests. */
export interface Price {
  /** The last one that holds at a moment counts. */
  readonly periods: readonly Period[]
}

/** One price of the table in USD per million tokens, or per thousand requests. */
export type PublishedRate =
  | number
  | { readonly base: number; readonly tiers: readonly { start: number; price: number }[] }

/** Published prices by the table's names, such as `input_mtok`. */
export type PublishedRates = Readonly<Record<string, PublishedRate | undefined>>

/** More tokens than any exchange has; what is above it is an upstream's mistake. */
const MAX_TOKENS = 1_000_000_000
/** One USD per million tokens is this many pico-USD per token. */
const PICO_PER_MTOK = 1_000_000
/** One USD per thousand requests is this many pico-USD per request. */
const PICO_PER_KCOUNT = 1_000_000_000
const PICO_PER_NANO = 1000
const DAY_MS = 86_400_000

/**
 * What the tokens cost in nano-USD, rounded half up, or null when that is not known. `input` and
 * `output` are totals: cached and reasoning tokens are parts of them and are charged once.
 * @param at milliseconds since 1970, for prices that change with time; absent is now
 */
export function costOf(usage: Usage, price: Price | undefined, at?: number): number | null {
  const rates = price && ratesAt(price, at)
  if (!rates) return null
  const input = tokens(usage.input)
  const output = tokens(usage.output)
  const cacheRead = Math.min(tokens(usage.cacheRead), input)
  const cacheWrite = Math.min(tokens(usage.cacheWrite), input - cacheRead)
  const reasoning = Math.min(tokens(usage.reasoning), output)
  const fresh = rateFor(input - cacheRead - cacheWrite, rates.input, input)
  const read = rateFor(cacheRead, rates.cacheRead ?? rates.input, input)
  const written = rateFor(cacheWrite, rates.cacheWrite ?? rates.input, input)
  const said = rateFor(output - reasoning, rates.output, input)
  const thought = rateFor(reasoning, rates.reasoning ?? rates.output, input)
  // Whole nano-USD and what is left of them are summed apart: both stay exact, however much it is.
  const nano =
    wholeNano(rates.request) +
    (input - cacheRead - cacheWrite) * wholeNano(fresh) +
    cacheRead * wholeNano(read) +
    cacheWrite * wholeNano(written) +
    (output - reasoning) * wholeNano(said) +
    reasoning * wholeNano(thought)
  const pico =
    (rates.request % PICO_PER_NANO) +
    (input - cacheRead - cacheWrite) * (fresh % PICO_PER_NANO) +
    cacheRead * (read % PICO_PER_NANO) +
    cacheWrite * (written % PICO_PER_NANO) +
    (output - reasoning) * (said % PICO_PER_NANO) +
    reasoning * (thought % PICO_PER_NANO)
  // Tokens that have no price make the sum unknown, not smaller.
  if (Number.isNaN(nano)) return null
  return Math.min(nano + wholeNano(pico + PICO_PER_NANO / 2), Number.MAX_SAFE_INTEGER)
}

function wholeNano(pico: number): number {
  return (pico - (pico % PICO_PER_NANO)) / PICO_PER_NANO
}

function tokens(count: number): number {
  return count > 0 ? Math.min(Math.round(count), MAX_TOKENS) : 0
}

/** Pico-USD for one of so many tokens; NaN where there are some and no price. */
function rateFor(count: number, rate: Rate | undefined, input: number): number {
  if (count === 0) return 0
  if (!rate) return Number.NaN
  const { base, tiers } = rate
  for (let i = tiers.length - 1; i >= 0; i--) if (input > tiers[i]!.above) return tiers[i]!.rate
  return base
}

function ratesAt({ periods }: Price, at: number | undefined): Rates | undefined {
  const [first] = periods
  // Most prices hold always.
  const always = periods.length === 1 || !first
  return always ? first?.rates : changingRates(periods, at ?? Date.now())
}

function changingRates(periods: Price["periods"], at: number): Rates | undefined {
  const time = ((at % DAY_MS) + DAY_MS) % DAY_MS
  const holds = ({ since, hours }: Period) => {
    if (since !== undefined && at < since) return false
    if (!hours) return true
    const { from, to } = hours
    return from <= to ? from <= time && time < to : from <= time || time < to
  }
  return (periods.findLast(holds) ?? periods[0])?.rates
}

/** The price that a config says. */
export function declaredPrice({ input, output, cacheRead, cacheWrite }: DeclaredPrice): Price {
  const rate = (nano: number) => ({ base: Math.round(nano * 1000), tiers: [] })
  const maybe = (nano: number | undefined) => (nano === undefined ? undefined : rate(nano))
  const rates: Rates = {
    input: rate(input),
    output: rate(output),
    cacheRead: maybe(cacheRead),
    cacheWrite: maybe(cacheWrite),
    reasoning: undefined,
    request: 0,
  }
  return { periods: [{ rates }] }
}

/** Rates from published prices; undefined when tokens have none at all. */
export function toRates(published: PublishedRates): Rates | undefined {
  const rate = (name: string) => toRate(published[name], PICO_PER_MTOK)
  const rates: Rates = {
    input: rate("input_mtok"),
    output: rate("output_mtok"),
    cacheRead: rate("cache_read_mtok"),
    cacheWrite: rate("cache_write_mtok"),
    reasoning: rate("output_reasoning_mtok"),
    request: toRate(published["requests_kcount"], PICO_PER_KCOUNT)?.base ?? 0,
  }
  return rates.input || rates.output ? rates : undefined
}

function toRate(published: PublishedRate | undefined, scale: number): Rate | undefined {
  if (published === undefined) return undefined
  const whole = (usd: number) => Math.round(usd * scale)
  if (typeof published === "number") return { base: whole(published), tiers: [] }
  const tiers = published.tiers
    .map(({ start, price }) => ({ above: start, rate: whole(price) }))
    .sort((a, b) => a.above - b.above)
  return { base: whole(published.base), tiers }
}
