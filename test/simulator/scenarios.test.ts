import { describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { strategies, type StrategyName } from "../../src/routing/strategies/index.ts"
import { consult } from "../../src/simulator/oracle.ts"
import { checkScenario } from "../../src/simulator/read-scenario.ts"
import type { Scenario } from "../../src/simulator/scenario.ts"
import { scenarios } from "../../src/simulator/scenarios/index.ts"
import { setUp } from "../../src/simulator/setup.ts"
import { simulate } from "../../src/simulator/simulate.ts"

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

describe.each(scenarios.map(({ name }) => name))("%s", (name) => {
  const setup = setUp(thinned(scenarios.find((each) => each.name === name)!, 0.15))

  test.each(Object.keys(strategies) as StrategyName[])(
    "%s fails no request while a healthy channel exists",
    (strategy) => {
      expect(simulate(setup, strategy).avoidable).toBe(0)
    },
  )

  test("the oracle makes no attempt that fails", () => {
    const { attempts, requests, failed } = consult(setup)
    expect(attempts).toBe((requests - failed) / requests)
  })
})
