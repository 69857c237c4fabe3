import { describe, expect, test } from "bun:test"
import type { Deployment, StrategyState } from "../../src/core/routing.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { deployment } from "./parts.ts"

const state = (): StrategyState => ({ scores: new Map() })

function seeded(seed: number): () => number {
  let value = seed
  return () => {
    value = (value * 1664525 + 1013904223) >>> 0
    return value / 2 ** 32
  }
}

const ids = (list: readonly Deployment[]) => list.map(({ id }) => id)

for (const strategy of Object.values(strategies)) {
  describe(strategy.name, () => {
    test("orders every set of candidates as a permutation of it", () => {
      const random = seeded(3)
      const kept = state()
      for (let size = 0; size < 20; size++) {
        const candidates = Array.from({ length: size }, (_, i) =>
          deployment(`p/m${i}`, { weight: i % 4 }),
        )
        const ordered = strategy.order(candidates, kept, { random })
        expect(ids(ordered).toSorted()).toEqual(ids(candidates).toSorted())
      }
    })

    test("leaves its input alone", () => {
      const candidates = [deployment("p/a", { weight: 1 }), deployment("p/b", { weight: 9 })]
      strategy.order(candidates, state(), { random: () => 0.99 })
      expect(ids(candidates)).toEqual(["p/a", "p/b"])
    })
  })
}

describe("weighted", () => {
  test("gives each its share of the first place", () => {
    const candidates = [1, 2, 7].map((weight) => deployment(`p/${weight}`, { weight }))
    const random = seeded(11)
    const first = new Map<string, number>()
    const rounds = 20_000
    for (let i = 0; i < rounds; i++) {
      const [best] = strategies.weighted.order(candidates, state(), { random })
      first.set(best!.id, (first.get(best!.id) ?? 0) + 1)
    }
    // Three standard deviations of a binomial share are below 1.1 % here.
    expect(first.get("p/1")! / rounds).toBeCloseTo(0.1, 1)
    expect(first.get("p/2")! / rounds).toBeCloseTo(0.2, 1)
    expect(Math.abs(first.get("p/7")! / rounds - 0.7)).toBeLessThan(0.011)
  })

  test("puts weight 0 last", () => {
    const candidates = [deployment("p/zero", { weight: 0 }), deployment("p/one", { weight: 1 })]
    for (const value of [0, 0.5, 0.999999]) {
      const ordered = strategies.weighted.order(candidates, state(), { random: () => value })
      expect(ids(ordered)).toEqual(["p/one", "p/zero"])
    }
  })
})

describe("round-robin", () => {
  const turns = (candidates: Deployment[], count: number, kept = state()) =>
    Array.from(
      { length: count },
      () => strategies["round-robin"].order(candidates, kept, { random: () => 0 })[0]!.id,
    )

  test("takes turns evenly, for even and odd numbers of deployments", () => {
    for (const size of [1, 2, 3, 4, 7]) {
      const candidates = Array.from({ length: size }, (_, i) => deployment(`p/${i}`))
      const picked = turns(candidates, size * 100)
      for (const { id } of candidates) expect(picked.filter((p) => p === id)).toHaveLength(100)
    }
  })

  test("is smooth: weights 5, 1, 1 never give the heavy one more than four in a row", () => {
    const candidates = [5, 1, 1].map((weight, i) => deployment(`p/${i}`, { weight }))
    const picked = turns(candidates, 700)
    expect(picked.filter((id) => id === "p/0")).toHaveLength(500)
    expect(picked.join("")).not.toContain("p/0".repeat(5))
  })

  test("stays fair among the rest while one is away, and when it comes back", () => {
    const [a, b, c] = ["p/a", "p/b", "p/c"].map((id) => deployment(id))
    const kept = state()
    turns([a!, b!, c!], 30, kept)
    const without = turns([a!, c!], 30, kept)
    expect(without.filter((id) => id === "p/a")).toHaveLength(15)
    const back = turns([a!, b!, c!], 300, kept)
    for (const id of ["p/a", "p/b", "p/c"]) {
      expect(Math.abs(back.filter((p) => p === id).length - 100)).toBeLessThanOrEqual(2)
    }
  })
})
