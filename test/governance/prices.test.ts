import { describe, expect, test } from "bun:test"
import { NO_USAGE, type Usage } from "../../src/core/usage.ts"
import { costOf, type Price, toRates } from "../../src/governance/cost.ts"
import { declaredPrice } from "../../src/governance/cost.ts"
import { loadPrices } from "../../src/governance/prices.ts"
import { providers } from "../../src/providers/index.ts"
import { seeded } from "../routing/seeded.ts"

const prices = loadPrices()
const AT = Date.UTC(2026, 9, 1, 12)
const USD = 1_000_000_000

const usage = (over: Partial<Usage>): Usage => ({ ...NO_USAGE, ...over })

function price(published: Parameters<typeof toRates>[0]): Price {
  const rates = toRates(published)
  return { periods: rates ? [{ rates }] : [] }
}

describe("the cost of an exchange", () => {
  // Computed by hand from the vendors' price pages: USD per million tokens x tokens.
  test.each<[string, string, Partial<Usage>, number]>([
    // 1000 x $0.15 + 500 x $0.60 = $0.00045
    ["openai", "gpt-4o-mini", { input: 1000, output: 500 }, 450_000],
    // 600 x $2.50 + 400 cached x $1.25 + 100 x $10 = $0.003
    ["openai", "gpt-4o", { input: 1000, cacheRead: 400, output: 100 }, 3_000_000],
    // Reasoning is a part of the output: 100 x $2 + 1000 x $8 = $0.0082
    ["openai", "o3", { input: 100, output: 1000, reasoning: 900 }, 8_200_000],
    // 1 token x $0.75 = $0.00000075
    ["openai", "gpt-5.4-mini", { input: 1 }, 750],
    // 1234 x $0.02 = $0.00002468
    ["openai", "text-embedding-3-small", { input: 1234 }, 24_680],
    // 500 x $5 + 300 read x $0.50 + 200 written x $6.25 + 100 x $25 = $0.0064
    [
      "anthropic",
      "claude-opus-4-8",
      { input: 1000, cacheRead: 300, cacheWrite: 200, output: 100 },
      6_400_000,
    ],
    // 1000 x $0.59 + 1000 x $0.79 = $0.00138
    ["groq", "llama-3.3-70b-versatile", { input: 1000, output: 1000 }, 1_380_000],
    // 2000 x $1.50 + 100 x $9 = $0.0039
    ["google", "gemini-3.5-flash", { input: 2000, output: 100 }, 3_900_000],
    // A vendor that sells another's models at their price: 10 x $2.50 + 10 x $10 = $0.000125
    ["azure", "gpt-4o", { input: 10, output: 10 }, 125_000],
  ])("of %s %s for %o is %d nano-USD", (vendor, model, tokens, nano) => {
    expect(costOf(usage(tokens), prices.priceOf(vendor, model), AT)).toBe(nano)
  })

  test("takes the higher tier for all tokens when the input is above its start", () => {
    const gemini = prices.priceOf("google", "gemini-2.5-pro")
    // 200,000 x $1.25 + 1000 x $10
    expect(costOf(usage({ input: 200_000, output: 1000 }), gemini, AT)).toBe(0.26 * USD)
    // 200,001 x $2.50 + 1000 x $15
    expect(costOf(usage({ input: 200_001, output: 1000 }), gemini, AT)).toBe(515_002_500)
    // Cached tokens count for the tier: 1 x $2.50 + 200,000 x $0.25
    const cached = usage({ input: 200_001, cacheRead: 200_000 })
    expect(costOf(cached, gemini, AT)).toBe(50_002_500)
  })

  test("follows prices that change with the hour", () => {
    const chat = prices.priceOf("deepseek", "deepseek-chat")
    const million = usage({ input: 1_000_000 })
    expect(costOf(million, chat, Date.UTC(2026, 9, 1, 16, 29, 59, 999))).toBe(0.27 * USD)
    expect(costOf(million, chat, Date.UTC(2026, 9, 1, 16, 30))).toBe(0.135 * USD)
    expect(costOf(million, chat, Date.UTC(2026, 9, 1, 0, 30))).toBe(0.27 * USD)
  })

  test("follows prices that change on a day", () => {
    const [before, after] = [price({ input_mtok: 2 }), price({ input_mtok: 1 })]
    const changing: Price = {
      periods: [...before.periods, ...after.periods.map((period) => ({ ...period, since: AT }))],
    }
    expect(costOf(usage({ input: 1000 }), changing, AT - 1)).toBe(2_000_000)
    expect(costOf(usage({ input: 1000 }), changing, AT)).toBe(1_000_000)
  })

  test("covers midnight when the hours do", () => {
    const [day, night] = [price({ input_mtok: 2 }), price({ input_mtok: 1 })]
    const hours = { from: 22 * 3_600_000, to: 6 * 3_600_000 }
    const nightly: Price = {
      periods: [...day.periods, ...night.periods.map((period) => ({ ...period, hours }))],
    }
    const at = (hour: number) => costOf(usage({ input: 1000 }), nightly, Date.UTC(2026, 0, 5, hour))
    expect([21, 22, 0, 5, 6].map(at)).toEqual([2e6, 1e6, 1e6, 1e6, 2e6])
  })

  test("rounds half a nano-USD up, once for the whole sum", () => {
    const half = price({ input_mtok: 0.0005, output_mtok: 0.0004 })
    expect(costOf(usage({ input: 1 }), half)).toBe(1)
    expect(costOf(usage({ output: 1 }), half)).toBe(0)
    expect(costOf(usage({ output: 2 }), half)).toBe(1)
    expect(costOf(usage({ input: 1, output: 1 }), half)).toBe(1)
    expect(costOf(usage({ input: 3 }), half)).toBe(2)
  })

  test("does not drift: a million tokens cost exactly the published price", () => {
    for (const usd of [0.1, 0.3, 0.7, 1.1, 2.19, 0.075, 0.000123]) {
      const cost = costOf(usage({ input: 1_000_000 }), price({ input_mtok: usd }))
      expect(cost).toBe(Math.round(usd * USD))
    }
    let sum = 0
    for (let n = 0; n < 100_000; n++)
      sum += costOf(usage({ input: 1 }), price({ input_mtok: 0.1 }))!
    expect(sum).toBe(0.01 * USD)
  })

  test("is exact to the last nano-USD, however many tokens and however odd the price", () => {
    const random = seeded(7)
    const below = (most: number) => Math.floor(random() * most)
    for (let i = 0; i < 2000; i++) {
      const [inputRate, outputRate, readRate] = [below(1e8), below(1e8), below(1e7)]
      const input = below(10 ** below(10))
      const output = below(10 ** below(10))
      const cacheRead = below(input + 1)
      const pico =
        BigInt(input - cacheRead) * BigInt(inputRate) +
        BigInt(cacheRead) * BigInt(readRate) +
        BigInt(output) * BigInt(outputRate)
      const own = price({
        input_mtok: inputRate / 1e6,
        output_mtok: outputRate / 1e6,
        cache_read_mtok: readRate / 1e6,
      })
      const exact = Number((pico + 500n) / 1000n)
      expect(costOf(usage({ input, output, cacheRead }), own, AT)).toBe(exact)
    }
  })

  test("charges a kind without a price of its own like the tokens it is a part of", () => {
    const plain = price({ input_mtok: 1, output_mtok: 2 })
    const parts = usage({ input: 10, cacheRead: 4, cacheWrite: 4, output: 10, reasoning: 9 })
    expect(costOf(parts, plain)).toBe(10 * 1000 + 10 * 2000)
    const dear = price({ input_mtok: 1, output_mtok: 2, output_reasoning_mtok: 3 })
    expect(costOf(usage({ output: 10, reasoning: 9 }), dear)).toBe(2000 + 9 * 3000)
  })

  test("adds the vendor's fee for a request", () => {
    const fee = price({ input_mtok: 1, output_mtok: 1, requests_kcount: 5 })
    expect(costOf(usage({ input: 10 }), fee)).toBe(5_000_000 + 10_000)
  })

  test("is unknown, never zero, when a price is", () => {
    expect(costOf(usage({ input: 10 }), undefined)).toBeNull()
    expect(costOf(usage({ input: 10 }), price({}))).toBeNull()
    expect(costOf(usage({ input: 10, output: 1 }), price({ input_mtok: 1 }))).toBeNull()
    expect(prices.priceOf(undefined, "gpt-4o")).toBeUndefined()
    expect(prices.priceOf("openai", "no-such-model-9")).toBeUndefined()
    expect(prices.priceOf("no-such-vendor", "gpt-4o")).toBeUndefined()
    // It has a price for audio, and none for tokens.
    expect(prices.priceOf("openai", "whisper-1")).toBeUndefined()
  })

  test("is a safe integer that is not negative, whatever the upstream reports", () => {
    const dear = price({ input_mtok: 1000, output_mtok: { base: 1e6, tiers: [] } })
    const odd = [Number.NaN, -5, 1.5, Number.POSITIVE_INFINITY, 1e300, Number.MAX_SAFE_INTEGER, 0]
    for (const input of odd) {
      for (const part of odd) {
        const cost = costOf(
          { input, output: part, cacheRead: part, cacheWrite: part, reasoning: part },
          dear,
        )
        expect(Number.isSafeInteger(cost)).toBe(true)
        expect(cost).toBeGreaterThanOrEqual(0)
      }
    }
    // More cached tokens than input: the input is what is charged.
    const cheaper = price({ input_mtok: 2, cache_read_mtok: 1, output_mtok: 1 })
    expect(costOf(usage({ input: 10, cacheRead: 99, cacheWrite: 99 }), cheaper)).toBe(10_000)
  })
})

describe("a price that the config says", () => {
  test("holds for each kind of token, in nano-USD, down to a thousandth", () => {
    const declared = declaredPrice({
      input: 150.5,
      output: 600,
      cacheRead: 0.075,
      cacheWrite: undefined,
    })
    expect(costOf(usage({ input: 1000 }), declared)).toBe(150_500)
    expect(costOf(usage({ output: 3 }), declared)).toBe(1800)
    expect(costOf(usage({ input: 2000, cacheRead: 2000 }), declared)).toBe(150)
    expect(costOf(usage({ input: 10, cacheWrite: 10 }), declared)).toBe(1505)
  })
})

describe("the price table", () => {
  test("knows context windows of models that it knows, and guesses none", () => {
    expect(prices.windowOf("openai", "gpt-4o")).toBe(128_000)
    expect(prices.windowOf("openai", "no-such-model")).toBeUndefined()
    expect(prices.windowOf(undefined, "gpt-4o")).toBeUndefined()
    expect(prices.windowOf("no-such-vendor", "gpt-4o")).toBeUndefined()
  })

  test("prices the model that each provider type with a vendor begins with", () => {
    const unpriced = [...providers.values()].filter(
      ({ vendor, starters = [] }) =>
        vendor !== undefined &&
        starters.length > 0 &&
        !starters.some((model) => prices.priceOf(vendor, model)),
    )
    // The one begins with a router that has no price of its own; the other's model is not in the table.
    expect(unpriced.map(({ type }) => type)).toEqual(["openrouter", "fireworks"])
  })

  test("is loaded once", () => {
    expect(loadPrices()).toBe(loadPrices())
  })
})
