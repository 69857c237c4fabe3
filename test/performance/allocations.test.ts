import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { type Allocations, countAllocations, WORKS } from "../../bench/guard/allocations.ts"
import { ADVICE, compare, TOLERANCE } from "../../bench/guard/compare.ts"
import recorded from "../../bench/guard/recorded.json"

// Counted, not timed: what else the machine does changes nothing.
describe("what a request allocates", () => {
  test("is about what is recorded", async () => {
    const complaints = compare(recorded, await countAllocations(WORKS))
    if (complaints.length > 0) throw new Error([...complaints, ADVICE].join("\n"))
  })

  test("is found to be more when something that each request calls wastes a little", async () => {
    const measured = await countAllocations(["whole"], [join(import.meta.dir, "waste.ts")])
    expect(compare(recorded, measured).join("\n")).toMatch(/^whole: \d+ bytes .* \(\+\d+ %\)/)
  })
})

describe("the comparison of allocations", () => {
  const before: Allocations = {
    whole: { heapBytes: 1000, nativeCount: 10 },
    stream: { heapBytes: 2000, nativeCount: 20 },
    translated: { heapBytes: 3000, nativeCount: 30 },
  }

  test("takes what is a twentieth more or less, and nothing beyond", () => {
    const just = Math.floor(1000 * (1 + TOLERANCE.heapBytes))
    expect(compare(before, { whole: { heapBytes: just, nativeCount: 10 } })).toEqual([])
    expect(compare(before, { whole: { heapBytes: just + 1, nativeCount: 10 } })).toEqual([
      "whole: 1051 bytes of JavaScript values a request, recorded are 1000 (+5 %)",
    ])
  })

  test("takes two native allocations more or less where a tenth is not even that", () => {
    expect(compare(before, { whole: { heapBytes: 1000, nativeCount: 8 } })).toEqual([])
    expect(compare(before, { whole: { heapBytes: 1000, nativeCount: 7 } })).toEqual([
      "whole: 7 native allocations a request, recorded are 10 (-30 %)",
    ])
  })

  test("complains of what was never recorded", () => {
    expect(compare({}, { whole: { heapBytes: 1, nativeCount: 1 } })).toHaveLength(2)
  })
})
