import { describe, expect, test } from "bun:test"
import { strategies } from "../../src/routing/strategies/index.ts"
import { setUp } from "../../src/simulator/setup.ts"
import { simulate } from "../../src/simulator/simulate.ts"
import { plainScenario } from "./virtual.ts"

const every = Object.keys(strategies) as (keyof typeof strategies)[]

describe.each(every)("%s", (strategy) => {
  test("over one upstream without chance gives exactly its times and prices", () => {
    const setup = setUp(plainScenario({ "north/large": {} }), { requests: 500 })
    expect(simulate(setup, strategy)).toMatchObject({
      requests: 500,
      failed: 0,
      avoidable: 0,
      ttft: { p50: 100, p95: 100, p99: 100 },
      duration: { p50: 1100, p95: 1100, p99: 1100 },
      // 1,000 × $1 and 100 × $10 a million: $0.002 each.
      cost: 2_000_000_000,
      attempts: 1,
      amplification: 1,
      cacheHits: 0,
    })
  })

  test("gives the same results for the same seed", () => {
    const scenario = plainScenario(
      {
        "north/large": {
          noise: 0.3,
          keys: 2,
          outages: [{ from: "1m", to: "2m", error: "server-error" }],
        },
        "east/large": { ttft: "150ms", noise: 0.3, quota: { rpm: 100 } },
      },
      { workload: { rate: 5, input: { median: 500, spread: 1 }, output: 50, turns: 3 } },
    )
    const run = (seed: number) => simulate(setUp(scenario, { requests: 1500, seed }), strategy)
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
  })
})

test("a request takes as long as its failed attempts and the one that answers", () => {
  const scenario = plainScenario({
    "north/large": { outages: [{ from: 0, to: "10m", error: "server-error" }] },
    "east/large": {},
  })
  const { ttft, attempts, failed } = simulate(setUp(scenario, { requests: 1 }), "priority")
  // 150 ms until the first one says no.
  expect({ ttft: ttft.p50, attempts, failed }).toEqual({ ttft: 250, attempts: 2, failed: 0 })
})

test("timeouts of the config end what hangs", () => {
  const scenario = plainScenario(
    {
      "north/large": { outages: [{ from: 0, to: "10m", error: "hang" }] },
      "east/large": {},
    },
    { settings: { timeouts: { firstByte: "3s" } } },
  )
  const { ttft } = simulate(setUp(scenario, { requests: 1 }), "priority")
  expect(ttft.p50).toBe(3100)
})

test("whole answers count until their end", () => {
  const scenario = plainScenario(
    { "north/large": {} },
    { workload: { rate: 2, input: 1000, output: 100, spread: 0, stream: 0 } },
  )
  expect(simulate(setUp(scenario, { requests: 50 }), "priority").ttft.p95).toBe(1100)
})

test("what fails while nothing is healthy was not avoidable", () => {
  const down = [{ from: 0, to: "10m", error: "server-error" as const }]
  const scenario = plainScenario({
    "north/large": { outages: down },
    "east/large": { outages: down },
  })
  const outcome = simulate(setUp(scenario, { requests: 300 }), "priority")
  expect(outcome).toMatchObject({ requests: 300, failed: 300, avoidable: 0 })
  expect(outcome.cost).toBeNaN()
})

test("what fails beside something healthy was avoidable", () => {
  // Its limit is far below what it is said to be: what the config rules out is not asked.
  const scenario = plainScenario({
    "north/large": { quota: { rpm: 1 } },
    "east/large": { window: 500 },
  })
  const setup = setUp(scenario, { requests: 100 })
  const lying = {
    ...setup,
    behaviour: (id: string) => ({ ...setup.behaviour(id), window: 1_000_000 }),
  }
  const outcome = simulate(lying, "priority")
  expect(outcome.failed).toBeGreaterThan(0)
  expect(outcome.avoidable).toBe(outcome.failed)
  expect(simulate(setup, "priority").avoidable).toBe(0)
})

test("a rejected key is asked for free and serves again soon after it is well", () => {
  const scenario = plainScenario({
    "north/large": {
      keys: 2,
      outages: [{ from: 0, to: "3m", error: "unauthorized", key: 0 }],
    },
  })
  const { attempts, failed } = simulate(setUp(scenario, { requests: 1000 }), "priority")
  expect(failed).toBe(0)
  // One rejection is enough: all others go to the second key until a probe works.
  expect(Math.round(attempts * 1000)).toBeLessThanOrEqual(1002)
})

test("hedges of a group run, and the slower answer's prompt is paid for", () => {
  const scenario = plainScenario({
    "north/large": {
      price: { input: 1, output: 10 },
      slow: [{ from: 0, to: "10m", factor: 50 }],
    },
    "east/large": { price: { input: 1, output: 10 } },
  })
  const setup = setUp(scenario, { requests: 1 })
  const hedged = {
    ...setup,
    settings: (strategy: Parameters<typeof setup.settings>[0]) => {
      const settings = setup.settings(strategy)
      const hedge = { delay: 200 } as const
      return { ...settings, groups: settings.groups.map((group) => ({ ...group, hedge })) }
    },
  }
  expect(simulate(setup, "priority")).toMatchObject({ attempts: 1, ttft: { p50: 5000 } })
  expect(simulate(hedged, "priority")).toMatchObject({
    attempts: 2,
    ttft: { p50: 300 },
    // $0.002 for the answer, and $0.001 for the prompt of the other one.
    cost: 3_000_000_000,
  })
})
