import { expect, test } from "bun:test"
import { growthOf, LINEAR } from "./growth.ts"

/** Looks at each of `size` items, and for each of them at so many others. */
function looks(others: (size: number) => number) {
  return (size: number) => {
    const items = Float64Array.from({ length: size }, (_, n) => n % 7)
    let found = 0
    return () => {
      for (let n = 0; n < size; n++) {
        const most = others(size)
        for (let m = 0; m < most; m++) if (items[n] === items[(n + m) % size]) found++
      }
      return void found
    }
  }
}

test("work that looks at each item once is linear, and is not when it looks at all others for each", () => {
  expect(
    growthOf(
      looks(() => 10),
      300,
    ),
  ).toBeLessThan(LINEAR)
  expect(
    growthOf(
      looks((size) => size),
      300,
    ),
  ).toBeGreaterThan(LINEAR)
  // As a linear search does that finds what it seeks half-way, or of a list that each look shortens.
  expect(
    growthOf(
      looks((size) => size / 2),
      300,
    ),
  ).toBeGreaterThan(LINEAR)
})
