import { describe, expect, test } from "bun:test"
import type { Metric } from "../../bench/part.ts"
import { formatSummary, ratios, type Results, valuesOf } from "../../bench/results.ts"

const plain: Metric = { id: "m", label: "m", unit: "ms", digits: 1 }
const added: Metric = { ...plain, added: true }
const results: Results = { direct: { m: [1, 2] }, nginx: { m: [3, 5] }, broken: {} }

describe("the values of a subject", () => {
  test("are those of its rounds", () => {
    expect(valuesOf(results, "nginx", plain)).toEqual([3, 5])
    expect(valuesOf(results, "broken", plain)).toEqual([])
    expect(valuesOf(results, "nobody", plain)).toEqual([])
  })

  test("of what is added are the difference to the direct way in the same round", () => {
    expect(valuesOf(results, "nginx", added)).toEqual([2, 3])
    expect(valuesOf(results, "direct", added)).toEqual([])
  })

  test("of what is added end with the rounds of the direct way", () => {
    expect(valuesOf({ direct: { m: [1] }, nginx: { m: [3, 5] } }, "nginx", added)).toEqual([2])
  })
})

test("a ratio compares round with round", () => {
  expect(ratios([10, 40, 30], [10, 20, 10])).toEqual({ median: 2, low: 1, high: 3 })
})

describe("a summary as text", () => {
  test("has its spread where there is one", () => {
    expect(formatSummary({ median: 1234.5, low: 1000, high: 2000 }, 0)).toBe("1,235 (1,000–2,000)")
    expect(formatSummary({ median: 2, low: 2, high: 2 }, 1)).toBe("2.0")
  })

  test("says nothing of what was not measured", () => {
    expect(formatSummary({ median: Number.NaN, low: 0, high: 0 }, 1)).toBe("–")
  })
})
