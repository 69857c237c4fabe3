import { expect, test } from "bun:test"
import { consult } from "../../src/simulator/oracle.ts"
import { setUp } from "../../src/simulator/setup.ts"
import { plainScenario } from "./virtual.ts"

test("weighs money against time: a second is worth a cent", () => {
  // The first costs $0.001 less for each request; a tenth of a second is worth as much.
  const cheap = { price: { input: 0, output: 10 } }
  const choice = (ttft: string) => {
    const scenario = plainScenario({ "north/large": { ...cheap, ttft }, "east/large": {} })
    return consult(setUp(scenario, { requests: 20 })).ttft.p50
  }
  expect(choice("199ms")).toBe(199)
  expect(choice("201ms")).toBe(100)
})

test("makes no attempt that fails", () => {
  const scenario = plainScenario({
    "north/large": {
      ttft: "50ms",
      outages: [{ from: 0, to: "10m", error: "server-error", share: 0.5 }],
    },
    "east/large": { quota: { rpm: 60 } },
    "south/large": { ttft: "200ms" },
  })
  expect(consult(setUp(scenario, { requests: 1000 }))).toMatchObject({ attempts: 1, failed: 0 })
})

test("without luck pays for what it cannot foresee", () => {
  const scenario = plainScenario({
    "north/large": { outages: [{ from: 0, to: "10m", error: "server-error", share: 0.1 }] },
    "east/large": { ttft: "300ms" },
  })
  const outcome = consult(setUp(scenario, { requests: 1000 }), true)
  expect(outcome.failed).toBe(0)
  expect(outcome.attempts).toBeCloseTo(1.1, 1)
})

test("waits for the first that serves, a little", () => {
  const scenario = plainScenario({ "north/large": { quota: { rpm: 60 } } })
  // Two a second come where one is served: after the first minute's worth it is one a second.
  const { failed, requests, ttft } = consult(setUp(scenario, { requests: 1000 }))
  expect(failed / requests).toBeGreaterThan(0.3)
  expect(ttft.p99).toBeGreaterThan(1000)
  expect(ttft.p99).toBeLessThan(5200)
})

test("keeps a conversation where its prompt is cached", () => {
  const cached = { cache: { ttl: "5m" }, price: { input: 3, output: 15, cacheRead: 0.3 } }
  const scenario = plainScenario(
    { "north/large": { keys: 4, ...cached } },
    { workload: { rate: 0.5, turns: 10, input: 4000, output: 100, growth: 200, spread: 0 } },
  )
  const { cacheHits } = consult(setUp(scenario, { requests: 2000 }))
  expect(cacheHits).toBeGreaterThan(0.8)
})
