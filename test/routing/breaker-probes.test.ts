import { expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { shortening } from "../../src/routing/breaker.ts"
import { createHealth } from "../../src/routing/health.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { createWalk, type Step, type Walk } from "../../src/routing/walk.ts"
import { deployment, group, request, RULES, table, testClock } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** When the first upstream is down, of so many minutes, and how many requests come in a second. */
const DOWN = [60_000, 240_000] as const
const MINUTES = 8
const RATE = 100

/**
 * A hundred requests a second over two upstreams, walked as the gateway does it; the first of them
 * fails for three minutes. Attempts last a second, so that a hundred are always under way at once.
 */
function run() {
  const clock = testClock()
  const random = seeded(7)
  // Many keys, and no pauses of them: nothing but the breaker keeps requests away.
  const cooldown = { ...RULES.cooldown, server: 0 }
  const breaker = { ...RULES.breaker, rate: 0.5, recovery: 30_000 }
  const health = createHealth(clock, () => ({ cooldown, breaker }))
  const broken = deployment("p/broken", { keys: 50, health })
  const spare = deployment("p/spare", { health })
  const groups = [group("g", [broken, spare])]
  const start = clock.now()
  const running: { at: number; walk: Walk; step: Step; end(): boolean }[] = []
  /** Begins of attempts on the first upstream. */
  const tries: number[] = []
  let answered = 0
  let lost = 0

  function attempt(walk: Walk): void {
    const step = walk.next()
    if (!step) {
      lost++
      return
    }
    const trial = walk.begin(step)
    const since = clock.now() - start
    const isBroken = step.channel.deployment === broken
    if (isBroken) tries.push(since)
    const fails = isBroken && since >= DOWN[0] && since < DOWN[1]
    running.push({
      at: clock.now() + 1000,
      walk,
      step,
      end() {
        if (fails) {
          const error = new GatewayError("upstream-error", "")
          health.fail(trial, error)
          return walk.failed(step, error)
        }
        health.succeed(trial)
        walk.answered(step)
        answered++
        return false
      },
    })
  }

  const total = MINUTES * 60 * RATE
  for (let n = 0; n < total || running.length > 0; ) {
    const arrival = n < total ? start + (n * 1000) / RATE : Number.POSITIVE_INFINITY
    const [first] = running
    clock.advance(Math.min(arrival, first?.at ?? arrival) - clock.now())
    if (first && first.at <= arrival) {
      running.shift()
      if (first.end()) attempt(first.walk)
      continue
    }
    n++
    const budget = createRetryBudget()
    const resolution = { group: groups[0]! }
    const filters: never[] = []
    const refuses = () => undefined
    const walk = {
      resolution,
      table: table(groups),
      health,
      clock,
      budget,
      random,
      filters,
      refuses,
    }
    attempt(createWalk({ ...walk, request: request() }))
  }
  return { tries, answered, lost, total, broken }
}

test("a broken upstream gets one probe each time, its share grows back, and nobody loses an answer", () => {
  const { tries, answered, lost, total, broken } = run()
  expect([answered, lost]).toEqual([total, 0])

  const second = Math.round(60 * (1 - shortening("p/broken", 2)))
  // It opens when the first have failed, after a second; so does each probe.
  const probes = tries.filter((at) => at > DOWN[0] + 1100 && at < DOWN[1])
  expect(probes.map((at) => Math.round((at - DOWN[0]) / 1000))).toEqual([31, 32 + second])

  const closedAt = tries.find((at) => at >= DOWN[1])! + 1000
  const shares = Array.from({ length: 6 }, (_, n) => {
    const from = closedAt + n * 5000
    return tries.filter((at) => at >= from && at < from + 5000).length / (5 * RATE)
  })
  for (const [n, share] of shares.entries()) {
    expect(Math.abs(share - (0.1 + 0.9 * ((n + 0.5) / 6)))).toBeLessThan(0.07)
  }
  const after = tries.filter((at) => at >= closedAt + 31_000 && at < closedAt + 41_000)
  expect(after).toHaveLength(10 * RATE)
  expect(broken.health.recovery).toBeGreaterThan(120_000)
})
