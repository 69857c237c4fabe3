import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { createHealth, type Trial } from "../../src/routing/health.ts"
import { deployment, RULES, testClock } from "./parts.ts"
import { seeded } from "./seeded.ts"

const BREAKER = { ...RULES.breaker, rate: 0.5, recovery: 30_000 }

interface Load {
  /** Requests a second. */
  rate: number
  /** Share of them that fails, at a time since the begin. */
  failing(ms: number): number
  minutes: number
  keys?: number
  seed?: number
}

/**
 * Poisson arrivals over virtual time, each of them tried only where it may be; those that may not go
 * elsewhere. Attempts last up to a second, so that many are under way at once.
 */
function simulate({ rate, failing, minutes, keys = 1, seed = 1 }: Load) {
  const random = seeded(seed)
  const clock = testClock()
  const health = createHealth(clock, () => ({ cooldown: RULES.cooldown, breaker: BREAKER }))
  const { channels, health: state } = deployment("p/m", { keys, health })
  const start = clock.now()
  const ends: { at: number; trial: Trial; ok: boolean }[] = []
  /** When the first key was taken out, for a pause or by the breaker. */
  const outs: number[] = []
  /** When the breaker opened. */
  const openings = new Set<number>()
  const perMinute = new Float64Array(minutes)
  let isOut = false
  let tried = 0

  function look(): void {
    const standing = health.standing(channels[0]!)
    const out = standing.state === "paused" || standing.state === "open"
    if (out && !isOut) outs.push(clock.now())
    isOut = out
    if (state.opened > 0) openings.add(state.openedAt)
  }

  let arrival = start
  while (arrival < start + minutes * 60_000) {
    ends.sort((a, b) => a.at - b.at)
    const [first] = ends
    if (first && first.at <= arrival) {
      ends.shift()
      clock.advance(first.at - clock.now())
      if (first.ok) health.succeed(first.trial)
      else health.fail(first.trial, new GatewayError("upstream-error", ""))
      look()
      continue
    }
    clock.advance(arrival - clock.now())
    arrival += (-Math.log(1 - random()) / rate) * 1000
    look()
    const channel = channels[Math.floor(random() * keys)]!
    const standing = health.standing(channel)
    if (standing.state !== "ready" || random() >= standing.share) continue
    const since = clock.now() - start
    const ok = random() >= failing(since)
    tried++
    perMinute[Math.floor(since / 60_000)]!++
    ends.push({ at: clock.now() + 50 + random() * 950, trial: health.begin(channel), ok })
  }
  return { outs, openings: [...openings], tried, perMinute, state }
}

/** The most that came within half a minute. */
function mostInHalfMinute(times: readonly number[]): number {
  return Math.max(0, ...times.map((at) => times.filter((t) => t >= at && t < at + 30_000).length))
}

describe("an upstream that fails half of its requests", () => {
  for (const keys of [1, 4, 20]) {
    test.each([0.5, 2, 10, 50])(
      `is taken out at most once in 30 s, at %d requests a second over ${keys} keys`,
      (rate) => {
        for (let seed = 1; seed <= 3; seed++) {
          const { outs, openings } = simulate({ rate, failing: () => 0.5, minutes: 30, keys, seed })
          expect([mostInHalfMinute(outs), mostInHalfMinute(openings)]).toEqual([1, 1])
        }
      },
    )
  }

  test("gets few requests as long as it does, and all of them soon after", () => {
    const { perMinute, state } = simulate({
      rate: 50,
      failing: (ms) => (ms < 20 * 60_000 ? 0.5 : 0),
      minutes: 30,
      keys: 4,
    })
    // Of 3000 that there are.
    expect(Math.max(...perMinute.slice(1, 20))).toBeLessThan(60)
    expect(Math.min(...perMinute.slice(27))).toBeGreaterThan(2800)
    expect(state.opened).toBe(0)
  })
})

test("an upstream that fails one in a hundred stays in", () => {
  const { openings, tried } = simulate({ rate: 50, failing: () => 0.01, minutes: 10, keys: 40 })
  expect(openings).toEqual([])
  expect(tried).toBeGreaterThan(15_000)
})

test("an upstream that fails one in a hundred comes back after an outage", () => {
  const { perMinute, state } = simulate({
    rate: 50,
    failing: (ms) => (ms > 60_000 && ms < 120_000 ? 1 : 0.01),
    minutes: 10,
    keys: 40,
  })
  expect(state.opened).toBe(0)
  expect(Math.min(...perMinute.slice(5))).toBeGreaterThan(1500)
})
