import { describe, expect, test } from "bun:test"
import { LiveTraffic } from "../../src/routing/traffic.ts"
import { seeded } from "./seeded.ts"

const START = 1_000_000

describe("means", () => {
  test("of the first samples are plain ones", () => {
    const traffic = new LiveTraffic()
    expect(traffic.ttft.value).toBeNaN()
    for (const [index, ms] of [1000, 100, 100, 100].entries()) {
      traffic.firstContent(START + index, ms)
    }
    expect(traffic.ttft.value).toBeCloseTo(325, 6)
  })

  test("forget half in twenty seconds without samples", () => {
    const traffic = new LiveTraffic()
    for (let i = 0; i < 100; i++) traffic.firstContent(START, 1000)
    traffic.firstContent(START + 20_000, 0)
    expect(traffic.ttft.value).toBeCloseTo(500, 6)
  })

  test("of a busy channel are means of many attempts, not of the last milliseconds", () => {
    const traffic = new LiveTraffic()
    for (let i = 0; i < 100; i++) traffic.firstContent(START, 100)
    traffic.firstContent(START + 1, 10_000)
    expect(traffic.ttft.value).toBeCloseTo(595, 6)
  })

  test("say when their last sample was", () => {
    const traffic = new LiveTraffic()
    expect(traffic.success.at).toBe(Number.NEGATIVE_INFINITY)
    traffic.failed(START)
    expect([traffic.success.at, traffic.success.value]).toEqual([START, 0])
  })

  test("leave the waiting out of a stream's time per token", () => {
    const traffic = new LiveTraffic()
    traffic.succeeded(START, { duration: 3000, stream: true, output: 100 }, 1000)
    expect(traffic.perToken.value).toBe(20)
    const whole = new LiveTraffic()
    whole.succeeded(START, { duration: 3000, stream: false, output: 100 }, undefined)
    expect(whole.perToken.value).toBe(30)
  })
})

describe("the minute window", () => {
  test("agrees with a list of all attempts, and never misses one of the last minute", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seeded(seed)
      const traffic = new LiveTraffic()
      const all: { at: number; tokens: number }[] = []
      let now = START + random() * 1000
      for (let step = 0; step < 300; step++) {
        now += random() < 0.05 ? random() * 100_000 : random() * 2000
        if (random() < 0.6) {
          const tokens = Math.floor(random() * 5000)
          traffic.begin(now, tokens)
          all.push({ at: now, tokens })
        }
        const within = (ms: number) => all.filter(({ at }) => at > now - ms)
        const whole = all.filter(({ at }) => Math.floor(at / 1000) > Math.floor(now / 1000) - 61)
        expect(traffic.requests(now)).toBe(whole.length)
        expect(traffic.tokens(now)).toBe(whole.reduce((sum, { tokens }) => sum + tokens, 0))
        expect(traffic.requests(now)).toBeGreaterThanOrEqual(within(60_000).length)
        expect(traffic.requests(now)).toBeLessThanOrEqual(within(61_000).length)
      }
    }
  })

  test("never lets more than a limit into any minute, whoever fills it as soon as there is room", () => {
    for (const offset of [0, 1, 500, 999]) {
      const traffic = new LiveTraffic()
      const times: number[] = []
      for (let now = START + offset; now < START + 300_000; now += 97) {
        while (traffic.requests(now) < 10) {
          traffic.begin(now, 0)
          times.push(now)
        }
      }
      const most = times.map((at) => times.filter((t) => t >= at && t < at + 60_000).length)
      expect(Math.max(...most)).toBe(10)
    }
  })

  test("says when there will be room again", () => {
    const traffic = new LiveTraffic()
    for (let second = 0; second < 10; second++) traffic.begin(START + second * 1000, 100)
    const now = START + 10_000
    for (let most = 0; most < 12; most++) {
      const free = traffic.freeAt(now, "requests", most)
      if (most >= 10) expect(free).toBe(now)
      else {
        expect(traffic.freeAt(now, "tokens", 100 * most)).toBe(free)
        const copy = new LiveTraffic()
        for (let second = 0; second < 10; second++) copy.begin(START + second * 1000, 100)
        expect(copy.requests(free - 1)).toBeGreaterThan(most)
        expect(copy.requests(free)).toBeLessThanOrEqual(most)
      }
    }
  })
})

describe("tokens that were expected", () => {
  test("count from the begin, and are replaced by those that were used", () => {
    const traffic = new LiveTraffic()
    traffic.begin(START, 1000)
    traffic.begin(START, 1000)
    expect(traffic.tokens(START)).toBe(2000)
    traffic.settle(START + 5000, START, 1000, 300)
    traffic.settle(START + 5000, START, 1000, 1500)
    expect(traffic.tokens(START + 5000)).toBe(1800)
    const faded = 2 ** (-5 / 300)
    expect(traffic.usage(START + 5000)).toBeCloseTo(1300 * faded + 500, 6)
  })

  test("are given back at the second that they were counted in", () => {
    const traffic = new LiveTraffic()
    traffic.begin(START, 1000)
    traffic.begin(START + 30_000, 500)
    traffic.settle(START + 59_000, START, 1000, 0)
    expect(traffic.tokens(START + 59_000)).toBe(500)
    expect(traffic.tokens(START + 61_000)).toBe(500)
    expect(traffic.tokens(START + 91_000)).toBe(0)
  })

  test("that have left the window are not given back a second time", () => {
    const traffic = new LiveTraffic()
    traffic.begin(START, 1000)
    traffic.begin(START + 61_000, 400)
    traffic.settle(START + 61_000, START, 1000, 0)
    expect(traffic.tokens(START + 61_000)).toBe(400)
  })

  test("leave nothing behind when all of them were given back, in any order", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seeded(seed)
      const traffic = new LiveTraffic()
      const open: { at: number; tokens: number }[] = []
      let now = START
      for (let step = 0; step < 300 || open.length > 0; step++) {
        now += random() * 3000
        if (step < 300 && random() < 0.5) {
          open.push({ at: now, tokens: random() * 1000 })
          traffic.begin(now, open.at(-1)!.tokens)
        } else if (open.length > 0) {
          const [one] = open.splice(Math.floor(random() * open.length), 1)
          traffic.settle(now, one!.at, one!.tokens, 0)
          traffic.end()
        }
        expect(traffic.tokens(now)).toBeGreaterThanOrEqual(0)
        expect(traffic.usage(now)).toBeGreaterThanOrEqual(0)
      }
      expect(traffic.tokens(now)).toBeCloseTo(0, 6)
      expect(traffic.usage(now)).toBeCloseTo(0, 6)
      expect(traffic.inFlight).toBe(0)
    }
  })
})

describe("usage", () => {
  test("halves every five minutes", () => {
    const traffic = new LiveTraffic()
    traffic.begin(START, 800)
    expect(traffic.usage(START + 300_000)).toBeCloseTo(400, 6)
    expect(traffic.usage(START + 900_000)).toBeCloseTo(100, 6)
    traffic.begin(START + 900_000, 100)
    expect(traffic.usage(START + 900_000)).toBeCloseTo(200, 6)
  })

  test("halves in five minutes, in however many steps", () => {
    for (const step of [1, 7, 40, 45, 1000]) {
      const traffic = new LiveTraffic()
      traffic.begin(START, 800)
      for (let at = step; at <= 300_000; at += step) traffic.begin(START + at, 1e-12)
      expect(traffic.usage(START + 300_000)).toBeCloseTo(400, 5)
    }
  })
})

describe("quantiles", () => {
  test("are not told before there are twenty samples", () => {
    const traffic = new LiveTraffic()
    for (let i = 0; i < 19; i++) traffic.firstContent(START, 100)
    expect(traffic.quantile(0.5)).toBeNaN()
    traffic.firstContent(START, 100)
    expect(traffic.quantile(0.5)).toBeGreaterThan(80)
  })

  test("are within a fifth of those of all samples", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed)
      const traffic = new LiveTraffic()
      const samples: number[] = []
      for (let i = 0; i < 450; i++) {
        const ms = 200 * Math.exp(2 * random() + (random() < 0.1 ? 2 : 0))
        samples.push(ms)
        traffic.firstContent(START + i * 100, ms)
      }
      samples.sort((a, b) => a - b)
      for (const q of [0.1, 0.5, 0.9, 0.95]) {
        const exact = samples[Math.floor(q * samples.length)]!
        expect(Math.abs(Math.log(traffic.quantile(q) / exact))).toBeLessThan(Math.log(1.2))
      }
      expect(traffic.quantile(0)).toBeLessThanOrEqual(samples[0]!)
      expect(traffic.quantile(1)).toBeGreaterThanOrEqual(samples.at(-1)! / 1.001)
    }
  })

  test("follow a channel that has become slower", () => {
    const traffic = new LiveTraffic()
    for (let i = 0; i < 5000; i++) traffic.firstContent(START + i, 100)
    for (let i = 0; i < 1000; i++) traffic.firstContent(START + 5000 + i, 3000)
    expect(traffic.quantile(0.5)).toBeGreaterThan(2400)
  })

  test("forget what was hours ago", () => {
    const traffic = new LiveTraffic()
    for (let i = 0; i < 400; i++) traffic.firstContent(START, 100)
    traffic.firstContent(START + 7_200_000, 100)
    expect(traffic.quantile(0.5)).toBeNaN()
  })
})

describe("told limits", () => {
  const told = { limit: 100, remaining: 10, resetAt: START + 5000 }

  test("shrink with our own requests until the next answer says more", () => {
    const traffic = new LiveTraffic()
    traffic.tell({ requests: told, tokens: { limit: 5000, remaining: 800, resetAt: START + 5000 } })
    for (let i = 0; i < 3; i++) traffic.begin(START, 300)
    expect(traffic.told.requests?.remaining).toBe(7)
    expect(traffic.told.tokens?.remaining).toBe(0)
    traffic.tell({ requests: { ...told, remaining: 9 } })
    expect(traffic.told.requests?.remaining).toBe(9)
    expect(traffic.told.tokens?.remaining).toBe(0)
    expect(told.remaining).toBe(10)
  })

  test("are whole again when their time has come", () => {
    const traffic = new LiveTraffic()
    traffic.tell({ requests: told })
    traffic.begin(START + 5000, 0)
    expect(traffic.told.requests).toMatchObject({ limit: 100, remaining: 99 })
    expect(traffic.told.requests!.resetAt).toBeGreaterThan(START + 5000)
  })

  test("of unknown size have room when their time has come", () => {
    const traffic = new LiveTraffic()
    traffic.tell({ requests: { ...told, limit: Number.NaN, remaining: 0 } })
    traffic.begin(START + 5000, 0)
    expect(traffic.told.requests!.remaining).toBeGreaterThan(0)
  })

  test("that make no sense are not taken for limits", () => {
    const traffic = new LiveTraffic()
    traffic.tell({ requests: { ...told, remaining: Number.NaN } })
    expect(traffic.told.requests).toBeUndefined()
    traffic.tell({ requests: { ...told, remaining: -5 } })
    expect(traffic.told.requests?.remaining).toBe(0)
  })
})

test("no time and no measurement makes a figure that is negative or no number", () => {
  const odd = [0, -1, -1e9, 1e15, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed)
    const traffic = new LiveTraffic()
    const sample = () =>
      random() < 0.3 ? odd[Math.floor(random() * odd.length)]! : random() * 5000
    let now = START
    for (let step = 0; step < 200; step++) {
      // A monotonic clock does not go back; if one did, nothing may break.
      now = Math.max(0, now + (random() - 0.3) * 50_000)
      traffic.begin(now, Math.floor(random() * 1000))
      traffic.firstContent(now, sample())
      traffic.succeeded(
        now,
        {
          duration: sample(),
          stream: true,
          input: sample(),
          output: sample(),
          cacheRead: sample(),
        },
        sample(),
      )
      if (random() < 0.5) traffic.failed(now)
      traffic.settle(now, now - random() * 90_000, 500, sample())
      for (let n = 0; n < 2; n++) traffic.end()
      const { ttft, perToken, success, cacheHits, output } = traffic
      const means = [ttft, perToken, success, cacheHits, output].map(({ value }) => value)
      const sums = [
        traffic.usage(now),
        traffic.requests(now),
        traffic.tokens(now),
        traffic.inFlight,
      ]
      for (const figure of [...means.filter((value) => !Number.isNaN(value)), ...sums]) {
        expect(figure).toBeGreaterThanOrEqual(0)
        expect(figure).toBeLessThan(Number.POSITIVE_INFINITY)
      }
    }
    expect(traffic.ttft.value).not.toBeNaN()
    expect(traffic.quantile(0.9)).not.toBeNaN()
  }
})
