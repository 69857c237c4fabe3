import { describe, expect, test } from "bun:test"
import type { Deployment } from "../../src/core/routing.ts"
import type { Health } from "../../src/routing/health.ts"
import { asker, counted, inOrder } from "./asker.ts"
import { deployment, type DeploymentOptions } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Prices in nano-USD per token. */
const priced =
  (input: number, output: number, cacheRead = input): Deployment["cost"] =>
  (usage) =>
    (usage.input - usage.cacheRead) * input + usage.cacheRead * cacheRead + usage.output * output

function shop(offers: Record<string, DeploymentOptions>) {
  const made = asker({
    strategy: "lowest-cost",
    random: seeded(3),
    deployments: (health: Health) =>
      Object.entries(offers).map(([id, offer]) => deployment(id, { health, ...offer })),
  })
  const { ask, health, clock, deployments } = made
  return {
    ...made,
    order: (about?: Parameters<typeof ask>[0]) =>
      inOrder(ask(about)).map(({ channel }) => channel.deployment.id),
    /** One answer of a deployment, as its usage says. */
    answer(id: string, usage: { input: number; output: number; cacheRead?: number }) {
      const { channels } = deployments.find((each) => each.id === id)!
      const trial = health.begin(channels[0]!)
      clock.advance(100)
      health.succeed(trial, { duration: 100, stream: false, ...usage })
    },
  }
}

describe("lowest-cost", () => {
  test("prices the request itself: one is cheap to read, the other to write", () => {
    const { order } = shop({
      "reads/x": { cost: priced(100, 2000) },
      "writes/x": { cost: priced(400, 800) },
    })
    expect(order({ inputTokens: 100_000, maxTokens: 100 })).toEqual(["reads/x", "writes/x"])
    expect(order({ inputTokens: 100, maxTokens: 4000 })).toEqual(["writes/x", "reads/x"])
  })

  test("expects as much output as answers had, and not what the caller would allow", () => {
    const { order, answer } = shop({
      "reads/x": { cost: priced(100, 2000) },
      "writes/x": { cost: priced(400, 800) },
    })
    const request = { inputTokens: 1000, maxTokens: 100_000 }
    expect(order(request)[0]).toBe("writes/x")
    for (let i = 0; i < 20; i++) answer("writes/x", { input: 1000, output: 20 })
    expect(order(request)[0]).toBe("reads/x")
  })

  test("reckons with the prompt cache as it was measured", () => {
    const { order, answer } = shop({
      "plain/x": { cost: priced(100, 100) },
      "cached/x": { cost: priced(150, 100, 15) },
    })
    const request = { inputTokens: 50_000, maxTokens: 10 }
    expect(order(request)[0]).toBe("plain/x")
    answer("cached/x", { input: 1000, output: 10, cacheRead: 900 })
    expect(order(request)[0]).toBe("cached/x")
  })

  test("takes what has no price neither for free nor for dear: it comes behind what has one", () => {
    const { order } = shop({
      "unpriced/x": {},
      "dear/x": { cost: priced(1e6, 1e6) },
      "free/x": { cost: () => 0 },
      "cheap/x": { cost: priced(1, 1) },
    })
    expect(order({ inputTokens: 1_000_000 })).toEqual(["free/x", "cheap/x", "dear/x", "unpriced/x"])
  })

  test("shares the traffic by weight where prices are equal, or nearly so", () => {
    const { pick } = shop({
      "dear/x": { cost: priced(120, 120) },
      "a/x": { cost: priced(100, 100), weight: 3 },
      "b/x": { cost: priced(104, 104), weight: 1 },
    })
    const counts = counted(Array.from({ length: 4000 }, () => pick().channel.deployment.id))
    expect(counts["dear/x"]).toBeUndefined()
    expect(counts["a/x"]! / counts["b/x"]!).toBeGreaterThan(2.7)
    expect(counts["a/x"]! / counts["b/x"]!).toBeLessThan(3.3)
  })

  test.each([{}, { cost: () => 0 }, { cost: priced(7, 7) }])(
    "floods none of those that cost the same",
    (offer) => {
      const { pick, health, deployments } = shop({ "a/x": offer, "b/x": offer, "c/x": offer })
      for (let i = 0; i < 300; i++) health.begin(pick().channel)
      const busy = deployments.map(({ health }) => health.traffic.inFlight)
      expect(Math.max(...busy) - Math.min(...busy)).toBeLessThanOrEqual(6)
    },
  )

  test("leaves weight 0 for last, however cheap it is", () => {
    const { order } = shop({
      "a/x": { weight: 0, cost: () => 0 },
      "b/x": {},
      "c/x": { cost: priced(9, 9) },
    })
    expect(order()).toEqual(["c/x", "b/x", "a/x"])
  })

  test("says what its score is made of", () => {
    const { group, ask, answer } = shop({ "a/x": { cost: priced(100, 200, 10) } })
    answer("a/x", { input: 1000, output: 300, cacheRead: 500 })
    const { all, context } = ask({ inputTokens: 1000 })
    const { channel } = all[0]!
    expect(group.strategy.explain?.(channel, context)).toEqual({
      nanoUsd: 500 * 100 + 500 * 10 + 300 * 200,
      input: 1000,
      output: 300,
      cached: 0.5,
    })
  })
})
