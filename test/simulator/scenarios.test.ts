import { beforeAll, describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { strategies } from "../../src/routing/strategies/index.ts"
import { type Comparison, compare } from "../../src/simulator/compare.ts"
import { checkScenario } from "../../src/simulator/read-scenario.ts"
import type { Scenario } from "../../src/simulator/scenario.ts"
import { scenarios } from "../../src/simulator/scenarios/index.ts"
import { setUp } from "../../src/simulator/setup.ts"

/** A share of a scenario's requests, with limits and capacities to match: all of its events, in less time. */
function thinned(scenario: Scenario, share: number): Scenario {
  const { workload } = scenario
  const rate =
    typeof workload.rate === "number"
      ? workload.rate * share
      : workload.rate.map(({ at, rate }) => ({ at, rate: rate * share }))
  const scaled = (value: number) => Math.max(1, Math.round(value * share))
  const text = JSON.stringify(scenario, (key, value: unknown) =>
    ["rpm", "tpm", "capacity"].includes(key) ? scaled(value as number) : value,
  )
  return { ...(JSON.parse(text) as Scenario), workload: { ...workload, rate } }
}

test("ten scenarios ship, each of them valid and with a name of its own", () => {
  expect(scenarios).toHaveLength(10)
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(10)
  for (const scenario of scenarios) expect(checkScenario(scenario, scenario.name)).toBe(scenario)
})

test("every scenario's file is in the registry", () => {
  const folder = new URL("../../src/simulator/scenarios/", import.meta.url).pathname
  expect(readdirSync(folder).filter((name) => name !== "index.ts")).toHaveLength(scenarios.length)
})

test("adaptive is within 10 % of the oracle's p95 and cost in at least eight of the ten", () => {
  const good = scenarios.filter((scenario) => {
    const { standings } = compare({ setup: setUp(scenario), strategies: ["adaptive"] })
    const { ttft, cost } = standings[0]!.regret
    return ttft <= 1.1 && cost <= 1.1
  })
  expect(good.length).toBeGreaterThanOrEqual(8)
}, 60_000)

describe.each(scenarios.map(({ name }) => name))("%s", (name) => {
  const scenario = scenarios.find((each) => each.name === name)!
  let comparison: Comparison
  beforeAll(() => {
    const setup = setUp(thinned(scenario, 0.15))
    comparison = compare({ setup, strategies: Object.keys(strategies) })
  })

  test.each(Object.keys(strategies))(
    "%s fails no request while a healthy channel exists",
    (strategy) => {
      const standing = comparison.standings.find((each) => each.strategy === strategy)
      expect(standing!.avoidable).toBe(0)
    },
  )

  test("no strategy does better than the oracle, money and waiting together", () => {
    // It decides request by request, so it is not the best that there could be.
    for (const { regret } of comparison.standings) expect(regret.total).toBeGreaterThan(0.99)
  })

  test("the oracle makes no attempt that fails", () => {
    const { attempts, requests, failed } = comparison.oracle
    expect(attempts).toBe((requests - failed) / requests)
  })
})
