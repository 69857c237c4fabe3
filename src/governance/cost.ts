import type { DeclaredPrice } from "../core/settings.ts"
import type { Usage } from "../core/usage.ts"

/** A price that may depend on the size of the request, in pico-USD per token. */
interface Rate {
  readonly base: bigint
  /** Ascending. The last one that `input` is above holds for all tokens, not only for those above it. */
  readonly tiers: readonly { readonly above: number; readonly rate: bigint }[]
}

/** What each kind of token costs; a kind without a rate of its own costs what its whole does. */
interface Rates {
  readonly input: Rate | undefined
  readonly output: Rate | undefined
  readonly cacheRead: Rate | undefined
  readonly cacheWrite: Rate | undefined
  readonly reasoning: Rate | undefined
  /** Pico-USD for the request itself. */
  readonly request: bigint
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
const PICO_PER_NANO = 1000n
const DAY_MS = 86_400_000

/**
 * What the tokens cost in nano-USD, rounded half up, or null when that is not known. `input` and
 * `output` are totals: cached and reasoning tokens are parts of them and are charged once.
 * @param at milliseconds since 1970, for prices that change with time
 */
export function costOf(
  usage: Usage,
  price: Price | undefined,
  at: number = Date.now(),
): number | null {
  const rates = price && ratesAt(price, at)
  if (!rates) return null
  const input = tokens(usage.input)
  const output = tokens(usage.output)
  const cacheRead = Math.min(tokens(usage.cacheRead), input)
  const cacheWrite = Math.min(tokens(usage.cacheWrite), input - cacheRead)
  const reasoning = Math.min(tokens(usage.reasoning), output)
  const parts: readonly [number, Rate | undefined][] = [
    [input - cacheRead - cacheWrite, rates.input],
    [cacheRead, rates.cacheRead ?? rates.input],
    [cacheWrite, rates.cacheWrite ?? rates.input],
    [output - reasoning, rates.output],
    [reasoning, rates.reasoning ?? rates.output],
  ]
  let pico = rates.request
  for (const [count, rate] of parts) {
    if (count === 0) continue
    // Tokens that have no price make the sum unknown, not smaller.
    if (!rate) return null
    pico += BigInt(count) * rateFor(rate, input)
  }
  const nano = (pico + PICO_PER_NANO / 2n) / PICO_PER_NANO
  return Math.min(Number(nano), Number.MAX_SAFE_INTEGER)
}

function tokens(count: number): number {
  return count > 0 ? Math.min(Math.round(count), MAX_TOKENS) : 0
}

function rateFor({ base, tiers }: Rate, input: number): bigint {
  return tiers.findLast(({ above }) => input > above)?.rate ?? base
}

function ratesAt({ periods }: Price, at: number): Rates | undefined {
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
  const rate = (nano: number) => ({ base: BigInt(Math.round(nano * 1000)), tiers: [] })
  const maybe = (nano: number | undefined) => (nano === undefined ? undefined : rate(nano))
  const rates: Rates = {
    input: rate(input),
    output: rate(output),
    cacheRead: maybe(cacheRead),
    cacheWrite: maybe(cacheWrite),
    reasoning: undefined,
    request: 0n,
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
    request: toRate(published["requests_kcount"], PICO_PER_KCOUNT)?.base ?? 0n,
  }
  return rates.input || rates.output ? rates : undefined
}

function toRate(published: PublishedRate | undefined, scale: number): Rate | undefined {
  if (published === undefined) return undefined
  const whole = (usd: number) => BigInt(Math.round(usd * scale))
  if (typeof published === "number") return { base: whole(published), tiers: [] }
  const tiers = published.tiers
    .map(({ start, price }) => ({ above: start, rate: whole(price) }))
    .sort((a, b) => a.above - b.above)
  return { base: whole(published.base), tiers }
}
