import { describe, expect, test } from "bun:test"
import { LiveTraffic } from "../../src/routing/traffic.ts"
import { SizedMean } from "../../src/routing/sized-mean.ts"
import { Slope } from "../../src/routing/slope.ts"
import { expectedTtft } from "../../src/routing/estimate.ts"
import { seeded } from "./seeded.ts"

/** Milliseconds between samples. */
const GAP = 200
const BASE = 400
/** Milliseconds for each token. */
const READING = 0.02

/** Times as they come: some requests take longer than others, whatever their size. */
function draws(seed: number) {
  const random = seeded(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return {
    random,
    /** From short chats to whole files. */
    size: () => 2000 * Math.exp(1.2 * normal()),
    luck: () => Math.exp(0.35 * normal() - 0.35 ** 2 / 2),
  }
}

interface Course {
  mean?: SizedMean
  count?: number
  seed?: number
  size?: (index: number) => number
  time?: (size: number, index: number) => number
}

/** A mean that has seen these samples, each of them first without its certain size, as it happens. */
function learned({ mean = new SizedMean(), count = 1000, seed = 1, ...course }: Course): SizedMean {
  const { size: usual, luck } = draws(seed)
  const { size = usual, time = (tokens) => (BASE + READING * tokens) * luck() } = course
  for (let index = 0; index < count; index++) {
    const tokens = size(index)
    const ms = time(tokens, index)
    mean.add(index * GAP, ms, tokens)
    mean.learn(index * GAP, ms, tokens)
  }
  return mean
}

/** Milliseconds that it reckons with for each token. */
const growth = (mean: SizedMean) => (mean.of(21_000) - mean.of(1000)) / 20_000

describe("a mean time that grows with the input", () => {
  test.each([1, 2, 3, 4, 5])("finds the line that its samples scatter around (seed %p)", (seed) => {
    const mean = learned({ seed })
    expect(mean.trust).toBeGreaterThan(0.95)
    for (const size of [100, 2000, 20_000, 100_000]) {
      const truth = BASE + READING * size
      expect(Math.abs(mean.of(size) / truth - 1)).toBeLessThan(0.15)
    }
  })

  test("is a plain mean as long as there are too few samples to tell", () => {
    const mean = new SizedMean()
    expect([mean.value, mean.of(100), mean.trust]).toEqual([Number.NaN, Number.NaN, 0])
    for (const [index, [size, ms]] of [[100, 300] as const, [9000, 900] as const].entries()) {
      mean.add(index, ms, size)
      mean.learn(index, ms, size)
      expect(mean.trust).toBe(0)
    }
    expect(mean.value).toBe(600)
  })

  test("trusts nothing where all inputs are of one size", () => {
    const mean = learned({ size: () => 1500 })
    expect(mean.trust).toBe(0)
    expect(mean.of(100_000)).toBe(mean.value)
  })

  test("trusts little where sizes do not matter, and reckons with nearly nothing", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { luck } = draws(seed + 100)
      const mean = learned({ seed, time: () => BASE * luck() })
      expect(mean.trust * growth(mean)).toBeLessThan(READING / 4)
    }
  })

  test("never takes long inputs for faster than short ones", () => {
    const mean = learned({ time: (size) => 5000 - Math.min(4000, size / 2) })
    expect(mean.of(100_000)).toBe(mean.value)
    expect(mean.of(1)).toBe(mean.value)
  })

  test("is not led astray by answers that took a minute for no reason", () => {
    const { random } = draws(9)
    const time = (size: number) => (random() < 0.005 ? 60_000 : BASE + READING * size)
    const mean = learned({ time, count: 3000 })
    expect(growth(mean)).toBeGreaterThan(READING / 2)
    expect(growth(mean)).toBeLessThan(READING * 2)
  })

  test("does not take a slow time in which inputs happen to get longer for growth", () => {
    const { luck, random } = draws(3)
    const slowly = (index: number) => 1 + (4 * index) / 6000
    const mean = learned({
      count: 6000,
      size: (index) => 1000 * slowly(index) * (0.5 + random()),
      time: (_, index) => BASE * slowly(index) * luck(),
    })
    // All samples together look like 0.4 ms for each token.
    expect(mean.trust * growth(mean)).toBeLessThan(0.04)
  })

  test("leaves a tenth of the mean for an input of no size at all", () => {
    const mean = learned({ size: (index) => 50_000 + (index % 10), time: (size) => size - 49_990 })
    expect(mean.of(0)).toBeGreaterThanOrEqual(mean.value / 10 - 1e-9)
  })

  test("follows a change of pace within seconds, whatever the sizes are", () => {
    const mean = learned({})
    const { size, luck } = draws(5)
    for (let index = 1000; index < 1050; index++) {
      const tokens = size()
      mean.add(index * GAP, 6 * (BASE + READING * tokens) * luck(), tokens)
    }
    expect(mean.of(2000)).toBeGreaterThan(0.75 * 6 * (BASE + READING * 2000))
  })

  test("takes some long inputs for no change of pace", () => {
    const mean = learned({})
    const before = mean.value
    const long = mean.of(50_000)
    for (let index = 0; index < 20; index++) {
      mean.add((1000 + index) * GAP, mean.of(50_000), 50_000)
    }
    expect(mean.value - before).toBeLessThan(0.3 * (long - before))
    expect(mean.of(50_000)).toBeCloseTo(long, 6)
  })

  test("begins with the growth that others have, and believes its own samples more and more", () => {
    const anywhere = new Slope()
    learned({ mean: new SizedMean(anywhere) })
    const fresh = new SizedMean(anywhere)
    fresh.add(0, 450, 2000)
    expect(growth(fresh)).toBeCloseTo(READING, 2)
    const steep = (size: number) => BASE + 3 * READING * size
    const own = learned({ mean: fresh, time: steep, count: 20 })
    expect(growth(own)).toBeGreaterThan(READING * 1.3)
    learned({ mean: own, time: steep, seed: 2 })
    expect(growth(own)).toBeGreaterThan(READING * 2.7)
    expect(growth(own)).toBeLessThan(READING * 3.3)
  })

  test("takes an input of unknown size for a usual one", () => {
    const mean = learned({})
    const before = mean.of(2000) - mean.value
    mean.add(1000 * GAP, mean.value, Number.NaN)
    mean.learn(1000 * GAP, 9999, Number.NaN)
    expect(mean.of(2000) - mean.value).toBeCloseTo(before, 9)
    const blind = new SizedMean()
    blind.add(0, 300, Number.NaN)
    expect([blind.of(5000), blind.trust]).toEqual([300, 0])
  })

  test("stays a finite number, whatever comes", () => {
    const { random } = draws(13)
    const odd = [0, -1, 1e-9, 1e6, Number.NaN, Number.POSITIVE_INFINITY]
    const draw = () => (random() < 0.5 ? odd[Math.floor(random() * odd.length)]! : random() * 1e4)
    const mean = new SizedMean()
    mean.add(0, 100, 100)
    for (let index = 0; index < 5000; index++) {
      mean.add(index, draw(), draw())
      mean.learn(index, draw(), draw())
      for (const value of [mean.of(0), mean.of(1e6), mean.trust]) {
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThan(Number.POSITIVE_INFINITY)
      }
      expect(mean.trust).toBeLessThanOrEqual(1)
    }
  })
})

describe("a slope", () => {
  /** Pairs of which half the scatter is explained. */
  function fill(slope: Slope, pairs: number, growth: number, gap = GAP, from = 0): Slope {
    for (let index = 0; index < pairs; index++) {
      const x = index % 2 ? 1 : -1
      const chance = index % 4 < 2 ? 1 : -1
      slope.add(from + index * gap, x, growth * x + growth * chance)
    }
    return slope
  }

  test.each([8, 40, 100])("is trusted the more, the more pairs it is from (%p)", (pairs) => {
    const slope = fill(new Slope(), pairs, 3, 0)
    expect(slope.value).toBeCloseTo(3, 1)
    expect(slope.trust).toBeCloseTo(1 - 1 / (pairs - 1), 2)
  })

  test("forgets how it was, with time and with later pairs", () => {
    const hour = 3_600_000
    const rare = fill(fill(new Slope(), 400, 10), 400, 1, GAP, hour)
    expect(rare.value).toBeLessThan(1.5)
    const busy = fill(fill(new Slope(), 20_000, 10, 1), 20_000, 1, 1, 20_000)
    expect(busy.value).toBeLessThan(1.5)
  })
})

test("the time to the first content is that of the part of the input that is not cached", () => {
  const { random, luck } = draws(21)
  const traffic = new LiveTraffic()
  const share = 0.8
  for (let index = 0; index < 2000; index++) {
    const input = 2000 + random() * 30_000
    const cacheRead = random() < share ? input * 0.9 : 0
    const ttft = (BASE + READING * (input - cacheRead)) * luck()
    const at = index * GAP
    traffic.firstContent(at, ttft, input)
    const measured = { duration: ttft + 100, ttft, stream: true, input, output: 5, cacheRead }
    traffic.succeeded(at, measured, ttft, input)
  }
  const now = 2000 * GAP
  const cold = BASE + READING * 20_000
  const warm = BASE + READING * 2000
  expect(Math.abs(expectedTtft(traffic, now, 20_000, 0) / cold - 1)).toBeLessThan(0.15)
  expect(Math.abs(expectedTtft(traffic, now, 20_000, 0.9) / warm - 1)).toBeLessThan(0.15)
})
