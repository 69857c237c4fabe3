import { expect, test } from "bun:test"
import { AgingMap } from "../../src/core/aging-map.ts"
import { seeded } from "../routing/seeded.ts"
import { growthOf, LINEAR } from "../support/growth.ts"

test("it holds and forgets what a Map does, and its oldest entry is a Map's first", () => {
  const random = seeded(3)
  const aging = new AgingMap<number, number>()
  const plain = new Map<number, number>()
  for (let step = 0; step < 20_000; step++) {
    const key = Math.floor(random() * 30)
    const draw = random()
    if (draw < 0.5) {
      plain.delete(key)
      plain.set(key, step)
      aging.set(key, step)
    } else if (draw < 0.8) {
      expect(aging.delete(key)).toBe(plain.get(key))
      plain.delete(key)
    } else if (aging.oldest !== undefined) {
      plain.delete(aging.oldest)
      aging.delete(aging.oldest)
    }
    expect(aging.oldest).toBe(plain.keys().next().value)
    expect(aging.get(key)).toBe(plain.get(key))
    expect(aging.size).toBe(plain.size)
  }
  expect([...aging.values()]).toEqual([...plain.values()])
})

test("the oldest of many leaves as fast as that of few", () => {
  const turnover = (size: number) => () => {
    const aging = new AgingMap<number, number>()
    for (let n = 0; n < 20 * size; n++) {
      aging.set(n, n)
      if (aging.size > size) aging.delete(aging.oldest!)
    }
  }
  expect(growthOf(turnover, 150)).toBeLessThan(LINEAR)
})
