import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { BreakerSettings } from "../../src/core/settings.ts"
import { shortening } from "../../src/routing/breaker.ts"
import { createHealth } from "../../src/routing/health.ts"
import { deployment, RULES, testClock } from "./parts.ts"

const SETTINGS: BreakerSettings = { ...RULES.breaker, rate: 0.5, recovery: 30_000 }

/** An upstream that is down for `down` ms at the begin of each `period`, asked each 100 ms for half an hour. */
function outages(id: string, period: number, down: number) {
  const clock = testClock()
  const cooldown = { ...RULES.cooldown, server: 0, network: 0 }
  const health = createHealth(clock, () => ({ cooldown, breaker: SETTINGS }))
  const { channels, health: state } = deployment(id, { keys: 2, health })
  const lengths: number[] = []
  const start = clock.now()
  let seen = 0
  let firstAnswer = Number.POSITIVE_INFINITY
  for (; clock.now() < start + 1_800_000; clock.advance(100)) {
    if (health.standing(channels[1]!).state !== "ready") continue
    const trial = health.begin(channels[0]!)
    const since = clock.now() - start
    if (since % period < down) health.fail(trial, new GatewayError("upstream-error", ""))
    else {
      health.succeed(trial)
      firstAnswer = Math.min(firstAnswer, since)
    }
    if (state.openedAt !== seen) lengths.push(state.openUntil - state.openedAt)
    seen = state.openedAt
  }
  return { lengths, firstAnswer }
}

const ids = Array.from({ length: 40 }, (_, n) => `provider/model-${n}`)

describe("outages at the very times of its probes", () => {
  // All openings that double exactly would be multiples of these.
  test.each([
    [30_000, 5000],
    [15_000, 4000],
    [10_000, 2000],
  ])("do not keep it out for good: every %d ms, for %d ms", (period, down) => {
    const firsts = ids.map((id) => outages(id, period, down).firstAnswer)
    expect(Math.max(...firsts)).toBeLessThan(20 * 60_000)
    expect(firsts.reduce((sum, at) => sum + at) / ids.length).toBeLessThan(3 * 60_000)
  })

  test("never make an opening shorter than `open`, longer than `maxOpen` or by more than a fifth shorter", () => {
    for (const id of ids) {
      // It is always down.
      const { lengths } = outages(id, 1, 1)
      const whole = [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]
      expect(lengths[0]).toBe(30_000)
      for (const [n, length] of whole.entries()) {
        expect(lengths[n]).toBeLessThanOrEqual(length)
        expect(lengths[n]).toBeGreaterThanOrEqual(Math.max(30_000, 0.8 * length))
      }
      expect(new Set(lengths.slice(4)).size).toBe(lengths.length - 4)
    }
  })
})

test("what is taken off an opening is the same each time it is asked, and spread over a fifth", () => {
  const all = ids.flatMap((id) => Array.from({ length: 25 }, (_, n) => shortening(id, n + 1)))
  expect(ids.flatMap((id) => Array.from({ length: 25 }, (_, n) => shortening(id, n + 1)))).toEqual(
    all,
  )
  const tenths = Array.from(
    { length: 10 },
    (_, n) => all.filter((part) => Math.floor(part * 50) === n).length,
  )
  for (const count of tenths) expect(Math.abs(count - 100)).toBeLessThan(40)
})
