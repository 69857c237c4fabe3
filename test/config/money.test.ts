import { expect, test } from "bun:test"
import { correctMoney, parseMoney } from "../../src/config/money.ts"

test("an amount is dollars, alone or in a window, as whole nano-dollars", () => {
  expect(parseMoney("$5")).toEqual({ amount: 5e9, window: undefined })
  expect(parseMoney("$0.1/day")).toEqual({ amount: 1e8, window: "day" })
  // 0.29 · 10⁹ is not whole in binary.
  expect(parseMoney("$0.29/month")).toEqual({ amount: 290_000_000, window: "month" })
  for (const wrong of ["5", "$", "$-5", "$5/", "$5/year", "$5 /day", "$1e3", "$9999999999", "€5"]) {
    expect(parseMoney(wrong)).toBeUndefined()
  }
})

test("an amount in other words is understood well enough to say how it is written", () => {
  const spelled: Record<string, string | undefined> = {
    "5": "$5",
    "20/day": "$20/day",
    "$20 per month": "$20/month",
    "20 USD a week": "$20/week",
    "USD 5": "$5",
    "1.5 dollars / hr": "$1.5/hour",
    "$100 monthly": "$100/month",
    "$5/year": undefined,
    "a lot": undefined,
    "€5": undefined,
  }
  for (const [text, right] of Object.entries(spelled)) {
    expect([text, correctMoney(text)]).toEqual([text, right])
    if (right) expect(parseMoney(right)).toBeDefined()
  }
})
