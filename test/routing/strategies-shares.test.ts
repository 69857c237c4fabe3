import { describe, expect, test } from "bun:test"
import type { Deployment } from "../../src/core/routing.ts"
import type { StrategyName } from "../../src/routing/strategies/index.ts"
import { asker, counted, inOrder } from "./asker.ts"
import { deployment, type DeploymentOptions } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** A group of `p/0`, `p/1` and so on. */
function setUp(strategy: StrategyName, options: DeploymentOptions[], random = seeded(7)) {
  const made = asker({
    strategy,
    random,
    deployments: (health) => options.map((each, i) => deployment(`p/${i}`, { health, ...each })),
  })
  const turns = (count: number, present?: readonly Deployment[]) =>
    Array.from({ length: count }, () => made.pick({}, present).channel.deployment.model)
  return { ...made, turns, counts: (count: number) => counted(turns(count)) }
}

const weights = (...list: number[]): DeploymentOptions[] => list.map((weight) => ({ weight }))

describe("weighted", () => {
  /** Four standard deviations of a share are below 0.7 %. */
  const ROUNDS = 80_000
  const expectShares = (counts: Record<string, number>, shares: number[]) => {
    for (const [i, share] of shares.entries()) {
      expect(Math.abs((counts[i] ?? 0) / ROUNDS - share)).toBeLessThan(0.007)
    }
  }

  test("gives each its share of the first place, and of the second", () => {
    const { ask } = setUp("weighted", weights(1, 2, 7))
    const orders = Array.from({ length: ROUNDS }, () => inOrder(ask()).map((each) => each.place))
    expectShares(counted(orders.map(([first]) => String(first))), [0.1, 0.2, 0.7])
    const afterTheLast = orders.filter(([first]) => first === 2)
    const second = counted(afterTheLast.map(([, second]) => String(second)))
    expect(second[1]! / second[0]!).toBeCloseTo(2, 1)
  })

  test("puts weight 0 last", () => {
    for (const value of [0, 0.5, 0.999999]) {
      const { ask } = setUp("weighted", weights(0, 1), () => value)
      expect(inOrder(ask()).map(({ place }) => place)).toEqual([1, 0])
    }
  })

  test("goes by requests a minute where nobody has a weight; without a limit is like the highest", () => {
    const limits = [{ rpm: 100, tpm: 9 }, { rpm: 300, tpm: 1 }, {}, { rpm: 0 }]
    const { counts } = setUp(
      "weighted",
      limits.map((limits) => ({ limits })),
    )
    expectShares(counts(ROUNDS), [1 / 7, 3 / 7, 3 / 7, 0])
  })

  test("goes by tokens a minute where there are no limits of requests", () => {
    const { counts } = setUp("weighted", [{ limits: { tpm: 1000 } }, { limits: { tpm: 4000 } }])
    expectShares(counts(ROUNDS), [0.2, 0.8])
  })

  test("goes by the weights where one is set, whatever the limits", () => {
    const { counts } = setUp("weighted", [{ limits: { rpm: 1000 } }, { weight: 3 }])
    expectShares(counts(ROUNDS), [0.25, 0.75])
  })
})

describe("round-robin", () => {
  test.each([1, 2, 3, 4, 7, 10])("takes turns in config order: %p deployments", (size) => {
    const { turns } = setUp("round-robin", weights(...Array<number>(size).fill(1)))
    const round = Array.from({ length: size }, (_, i) => String(i))
    expect(turns(size * 30)).toEqual(Array.from({ length: 30 }, () => round).flat())
  })

  test("is exact for any weights, and never far from it on the way", () => {
    for (const list of [
      [5, 1, 1],
      [1, 2, 3, 4],
      [0.5, 0.25, 0.25],
      [1000, 1],
      [3, 3, 3, 2, 2, 1],
    ]) {
      const { turns } = setUp("round-robin", weights(...list))
      const total = list.reduce((a, b) => a + b)
      const counts = list.map(() => 0)
      for (const [turn, model] of turns(5000).entries()) {
        counts[Number(model)]!++
        for (const [i, weight] of list.entries()) {
          const ideal = ((turn + 1) * weight) / total
          expect(Math.abs(counts[i]! - ideal)).toBeLessThan(list.length / 2 + 0.001)
        }
      }
    }
  })

  test("is smooth: weights 5, 1, 1 never give the heavy one more than four turns in a row", () => {
    const picked = setUp("round-robin", weights(5, 1, 1)).turns(7000)
    expect(counted(picked)).toEqual({ 0: 5000, 1: 1000, 2: 1000 })
    expect(picked.join("")).not.toContain("00000")
  })

  test("is fair among the rest while one is away, which is neither flooded nor starved when it returns", () => {
    const { turns, deployments } = setUp("round-robin", weights(1, 1, 1))
    const [a, , c] = deployments
    turns(31)
    expect(counted(turns(3000, [a!, c!]))).toEqual({ 0: 1500, 2: 1500 })
    const back = turns(300)
    expect(counted(back)).toEqual({ 0: 100, 1: 100, 2: 100 })
    expect(back.join("")).not.toMatch(/(.)\1/)
  })

  test("gives a newcomer its share and no more", () => {
    const { turns, deployments } = setUp("round-robin", weights(1, 1, 1))
    turns(1001, deployments.slice(0, 2))
    const counts = counted(turns(300))
    for (const model of [0, 1, 2]) expect(Math.abs(counts[model]! - 100)).toBeLessThanOrEqual(1)
  })

  test("uses weight 0 only when nothing else is there", () => {
    const { turns, deployments } = setUp("round-robin", weights(0, 1, 0))
    expect(counted(turns(100))).toEqual({ 1: 100 })
    expect(turns(2, [deployments[0]!, deployments[2]!])).toEqual(["0", "0"])
    expect(counted(turns(100))).toEqual({ 1: 100 })
  })

  test("gives the turns of one that always fails to all others alike, and does not always begin with it", () => {
    const { ask, group } = setUp("round-robin", weights(1, 1, 1))
    const firsts: string[] = []
    const answers: string[] = []
    for (let request = 0; request < 4000; request++) {
      const { all, context } = ask()
      const order = inOrder({ all })
      firsts.push(order[0]!.channel.deployment.model)
      for (const { channel } of order) {
        const { model } = channel.deployment
        group.strategy.picked?.(channel, context)
        if (model !== "0") {
          answers.push(model)
          break
        }
        group.strategy.failed?.(channel, context)
      }
    }
    const counts = counted(answers)
    expect(Math.abs(counts[1]! - counts[2]!)).toBeLessThanOrEqual(2)
    expect(counted(firsts)[0]! / 4000).toBeCloseTo(1 / 3, 1)
  })
})

describe("random", () => {
  test("is even, whatever the weights, but for weight 0", () => {
    const counts = setUp("random", weights(1, 9, 0, 1)).counts(60_000)
    expect(counts[2]).toBeUndefined()
    // Four standard deviations are 462.
    for (const model of [0, 1, 3]) expect(Math.abs(counts[model]! - 20_000)).toBeLessThan(462)
  })
})

describe("priority", () => {
  test("goes by weight, then by config order", () => {
    const { ask } = setUp("priority", weights(1, 5, 1, 0, 5))
    expect(inOrder(ask()).map(({ place }) => place)).toEqual([1, 4, 0, 2, 3])
  })
})
