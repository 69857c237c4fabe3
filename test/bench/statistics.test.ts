import { describe, expect, test } from "bun:test"
import { quantile, summarise } from "../../bench/statistics.ts"

describe("a summary", () => {
  test("has the value in the middle, or between the two in the middle", () => {
    expect(summarise([9, 1, 5])).toEqual({ median: 5, low: 1, high: 9 })
    expect(summarise([4, 1, 2, 100])).toEqual({ median: 3, low: 1, high: 100 })
  })

  test("of nothing is not a number", () => {
    expect(summarise([]).median).toBeNaN()
  })
})

describe("a quantile", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)

  test("is the least value that so many are not above", () => {
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(quantile([7], 0.99)).toBe(7)
  })

  test("is found without changing the values", () => {
    quantile(hundred, 0.5)
    expect(hundred[0]).toBe(100)
  })
})
