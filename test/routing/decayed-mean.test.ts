import { describe, expect, test } from "bun:test"
import { DecayedMean } from "../../src/routing/decayed-mean.ts"
import { seeded } from "./seeded.ts"

const GAP = 200

/** A mean of samples around 100 that scatter by a third, and what comes next. */
function settled(seed: number) {
  const random = seeded(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const mean = new DecayedMean()
  let now = 0
  function take(count: number, level: number): number[] {
    return Array.from({ length: count }, () => {
      now += GAP
      mean.add(now, level * Math.exp(0.35 * normal() - 0.35 ** 2 / 2))
      return mean.value
    })
  }
  take(500, 100)
  return { mean, take }
}

const off = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - 100) ** 2, 0) / values.length)

describe("a mean of figures that scatter", () => {
  test("is moved less by chance than one of the last twenty samples", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => settled(seed).take(2000, 100))
    // Samples scatter by 36; those of which each new one makes up a twentieth by 36 / sqrt(39).
    expect(off(values)).toBeLessThan((0.75 * 36) / Math.sqrt(39))
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("follows what has changed all the same (seed %p)", (seed) => {
    const slower = settled(seed)
    expect(slower.take(40, 300).at(-1)!).toBeGreaterThan(230)
    const faster = settled(seed)
    expect(faster.take(40, 30).at(-1)!).toBeLessThan(55)
  })

  test("says which share of it the last sample makes up", () => {
    const { mean } = settled(3)
    const before = mean.value
    const share = mean.add(1e6, 5000)
    expect(mean.value).toBeCloseTo(before + share * (5000 - before), 9)
    expect(mean.add(1e6, Number.NaN)).toBe(0)
    expect(new DecayedMean().add(0, 7)).toBe(1)
  })

  test("gives a sample the more of it, the longer the last one is ago", () => {
    const mean = new DecayedMean()
    const random = seeded(1)
    let now = 0
    for (let index = 1; index <= 1000; index++) {
      const age = random() < 0.5 ? 10 * random() : 10_000 * random()
      now += age
      const share = Math.max(1 - 2 ** (-age / 200_000), 1 / Math.min(index, 200))
      expect(mean.add(now, 100)).toBeCloseTo(share, 9)
    }
  })

  test("takes for a change only what was not to be expected", () => {
    const known = settled(5).mean
    const surprised = settled(5).mean
    for (let index = 1; index <= 30; index++) {
      known.add(100_000 + index * GAP, 200, index % 2 ? 1 : -1)
      surprised.add(100_000 + index * GAP, 200)
    }
    expect(known.value).toBeLessThan(surprised.value - 20)
  })
})
