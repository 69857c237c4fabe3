import { describe, expect, test } from "bun:test"
import { PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import type { Budget, ProviderSettings } from "../../src/core/settings.ts"
import type { Hold } from "../../src/core/spending.ts"
import {
  createProviderBudgets,
  windowBegin,
  windowEnd,
} from "../../src/governance/provider-budget.ts"

function testClock(start: string) {
  let wall = Date.parse(start)
  const begin = wall
  return {
    now: () => wall - begin,
    wall: () => wall,
    to(time: string) {
      wall = Date.parse(time)
    },
  }
}

function provider(amount: number, window: Budget["window"] = "day", name = "p"): ProviderSettings {
  return { ...PLAIN_PROVIDER, name, type: "openai", budget: { amount, window } }
}

const NOTHING = () => new Map<string, number>()

describe("windows of the calendar", () => {
  const at = Date.parse("2026-11-21T19:14:32.500Z")
  test.each([
    ["hour", "2026-11-21T19:00:00Z", "2026-11-21T20:00:00Z"],
    ["day", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"],
    // 21 November 2026 is a Saturday.
    ["week", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"],
    ["month", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
  ] as const)("a %s", (window, begin, end) => {
    expect(windowBegin(window, at)).toBe(Date.parse(begin))
    expect(windowEnd(window, at)).toBe(Date.parse(end))
    expect(windowBegin(window, Date.parse(begin))).toBe(Date.parse(begin))
    expect(windowBegin(window, Date.parse(end) - 1)).toBe(Date.parse(begin))
  })

  test("December is followed by January", () => {
    expect(windowEnd("month", Date.parse("2026-12-31T23:59:59Z"))).toBe(Date.parse("2027-01-01"))
  })
})

describe("a provider's budget", () => {
  test("has room for what still fits, spent and under way", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = provider(100)
    budgets.begin([p], NOTHING)
    const first = budgets.hold(p, 60)
    expect(budgets.usedUpUntil(p, 40, clock.now())).toBeUndefined()
    expect(budgets.usedUpUntil(p, 41, clock.now())).toBe(12 * 3_600_000)
    first.settle(30)
    expect(budgets.usedUpUntil(p, 70, clock.now())).toBeUndefined()
    expect(budgets.usedUpUntil(p, 71, clock.now())).toBe(12 * 3_600_000)
  })

  test("goes on from what the ledger knows of the window", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const asked: number[] = []
    const [p, q] = [provider(100), provider(100, "month", "q")]
    budgets.begin([p, q], (since) => {
      asked.push(since)
      return new Map([
        ["p", 90],
        ["q", 20],
      ])
    })
    expect(asked).toEqual([Date.parse("2026-11-21"), Date.parse("2026-11-01")])
    expect(budgets.usedUpUntil(p, 11, 0)).toBeDefined()
    expect(budgets.usedUpUntil(q, 11, 0)).toBeUndefined()
  })

  test("begins anew with its window, and what was under way belongs to the one it ends in", () => {
    const clock = testClock("2026-11-21T23:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = provider(100)
    budgets.begin([p], NOTHING)
    budgets.hold(p, 50).settle(50)
    const late = budgets.hold(p, 50)
    expect(budgets.usedUpUntil(p, 1, clock.now())).toBe(3_600_000)
    clock.to("2026-11-22T00:00:00Z")
    expect(budgets.usedUpUntil(p, 50, clock.now())).toBeUndefined()
    expect(budgets.usedUpUntil(p, 51, clock.now())).toBeDefined()
    late.settle(70)
    expect(budgets.usedUpUntil(p, 30, clock.now())).toBeUndefined()
    expect(budgets.usedUpUntil(p, 31, clock.now())).toBeDefined()
  })

  test("without a window never begins anew", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = { ...provider(100), budget: { amount: 100, window: undefined } }
    budgets.begin([p], NOTHING)
    budgets.hold(p, 100).settle(100)
    clock.to("2036-01-01T00:00:00Z")
    expect(budgets.usedUpUntil(p, 1, clock.now())).toBe(Number.POSITIVE_INFINITY)
  })

  test("keeps what was spent when the config changes its amount, and asks the ledger for another window", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    budgets.begin([provider(100)], NOTHING)
    budgets.hold(provider(100), 90).settle(90)
    expect(budgets.isNew(provider(500))).toBe(false)
    expect(budgets.usedUpUntil(provider(500), 411, 0)).toBeDefined()
    expect(budgets.usedUpUntil(provider(500), 410, 0)).toBeUndefined()
    expect(budgets.isNew(provider(500, "month"))).toBe(true)
    expect(budgets.isNew({ ...provider(1), budget: undefined })).toBe(false)
  })

  test("does not count what has no price", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = provider(0)
    budgets.begin([p], NOTHING)
    expect(budgets.usedUpUntil(p, null, 0)).toBeUndefined()
    budgets.hold(p, null).settle(null)
    expect(budgets.usedUpUntil(p, 0, 0)).toBeUndefined()
    expect(budgets.usedUpUntil(p, 1, 0)).toBeDefined()
  })

  test("ends a hold once, whoever ends it again", () => {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = provider(100)
    budgets.begin([p], NOTHING)
    const hold = budgets.hold(p, 50)
    hold.settle(10)
    hold.settle(10)
    expect(budgets.usedUpUntil(p, 90, 0)).toBeUndefined()
    expect(budgets.usedUpUntil(p, 91, 0)).toBeDefined()
  })
})

test("requests at the same time never spend more than the budget and what they were guessed wrong by", () => {
  let state = 7
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  for (let round = 0; round < 50; round++) {
    const clock = testClock("2026-11-21T12:00:00Z")
    const budgets = createProviderBudgets(clock)
    const p = provider(1000 + random(100_000))
    budgets.begin([p], NOTHING)
    const open: { hold: Hold; cost: number }[] = []
    let [spent, under] = [0, 0]
    for (let step = 0; step < 500; step++) {
      const expected = 1 + random(500)
      if (budgets.usedUpUntil(p, expected, clock.now()) === undefined) {
        // Wrong by at most a tenth, to either side.
        const cost = expected + Math.trunc(((random(201) - 100) / 1000) * expected)
        under += Math.max(0, cost - expected)
        open.push({ hold: budgets.hold(p, expected), cost })
      }
      if (random(2) === 0 || open.length > 40) {
        const [ended] = open.splice(random(open.length || 1), 1)
        ended?.hold.settle(ended.cost)
        spent += ended?.cost ?? 0
      }
    }
    for (const { hold, cost } of open) {
      hold.settle(cost)
      spent += cost
    }
    expect(spent).toBeLessThanOrEqual(p.budget!.amount + under)
  }
})
