import { describe, expect, test } from "bun:test"
import type { Channel } from "../../src/core/routing.ts"
import { createHealth } from "../../src/routing/health.ts"
import { candidatesOf, isBetter } from "../../src/routing/candidates.ts"
import { type StrategyName, strategies } from "../../src/routing/strategies/index.ts"
import { deployment, group, request, RULES, testClock } from "./parts.ts"

/** Asks one strategy again and again. */
function picker(name: StrategyName, weights: readonly number[], random: () => number) {
  const clock = testClock()
  const health = createHealth(clock, () => RULES)
  const deployments = weights.map((weight, i) => deployment(`p/${i}`, { weight, health }))
  const asked = group("g", deployments, { strategy: name })
  return function pick(away: readonly string[] = []): Channel {
    const present = deployments.filter(({ id }) => !away.includes(id))
    const { all, context } = candidatesOf({
      group: { ...asked, deployments: present },
      request: request(),
      health,
      filters: [],
      refuses: () => undefined,
      now: clock.now(),
      random,
    })
    const best = all.reduce((a, b) => (isBetter(b, a) ? b : a))
    asked.strategy.picked?.(best.channel, context)
    return best.channel
  }
}

describe("weighted", () => {
  test("puts weight 0 last", () => {
    for (const value of [0, 0.5, 0.999999]) {
      expect(picker("weighted", [0, 1], () => value)().deployment.id).toBe("p/1")
    }
  })
})

describe("every strategy", () => {
  test.each(Object.keys(strategies) as StrategyName[])("%s picks something", (name) => {
    expect(picker(name, [1, 1], () => 0.5)().deployment.id).toMatch(/^p\//)
  })
})
