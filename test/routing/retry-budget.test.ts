import { describe, expect, test } from "bun:test"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { seeded } from "./seeded.ts"

const takeAll = (budget: ReturnType<typeof createRetryBudget>) => {
  const taken: (() => void)[] = []
  for (let give = budget.take(); give; give = budget.take()) taken.push(give)
  return taken
}

describe("createRetryBudget", () => {
  test.each([
    [0, 3],
    [1, 3],
    [15, 3],
    [19, 3],
    [20, 4],
    [24, 4],
    [100, 20],
    [999, 199],
  ])("with %i requests under way allows %i retries", (active, retries) => {
    const budget = createRetryBudget()
    for (let i = 0; i < active; i++) budget.enter()
    expect(takeAll(budget)).toHaveLength(retries)
  })

  test("loses nothing to binary fractions", () => {
    for (const [share, active, retries] of [
      [0.29, 100, 29],
      [0.57, 100, 57],
      [0.07, 100, 7],
    ] as const) {
      const budget = createRetryBudget({ share, least: 0 })
      for (let i = 0; i < active; i++) budget.enter()
      expect(takeAll(budget)).toHaveLength(retries)
    }
  })

  test("gives a retry back once, however often its end is told", () => {
    const budget = createRetryBudget()
    const [first] = takeAll(budget)
    first!()
    first!()
    expect(budget.retries).toBe(2)
    expect(takeAll(budget)).toHaveLength(1)
  })

  test("allows none where neither a share nor a least number is set", () => {
    const budget = createRetryBudget({ share: 0, least: 0 })
    for (let i = 0; i < 100; i++) budget.enter()
    expect(budget.take()).toBeUndefined()
  })

  test("agrees with a list of who is under way, in any order of events", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed)
      const share = random()
      const least = Math.floor(random() * 5)
      const budget = createRetryBudget({ share, least })
      let active = 0
      const under: (() => void)[] = []
      const ended: (() => void)[] = []
      for (let step = 0; step < 300; step++) {
        const draw = random()
        if (draw < 0.35) {
          budget.enter()
          active++
        } else if (draw < 0.55) {
          budget.leave()
          active = Math.max(0, active - 1)
        } else if (draw < 0.8) {
          const give = budget.take()
          const allowed = under.length + 1 <= Math.max(least, share * active)
          expect(give !== undefined).toBe(allowed)
          if (give) under.push(give)
        } else if (draw < 0.95) {
          const give = under.splice(Math.floor(random() * under.length), 1)[0]
          give?.()
          if (give) ended.push(give)
        } else {
          ended[Math.floor(random() * ended.length)]?.()
        }
        expect([budget.active, budget.retries]).toEqual([active, under.length])
      }
    }
  })
})
