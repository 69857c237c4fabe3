import { edenGC, fullGC, heapStats } from "bun:jsc"
import { expect, test } from "bun:test"
import { Bag, type Bagged } from "../../src/core/bag.ts"

interface Named extends Bagged {
  name: string
}

const filled = (...names: string[]) => {
  const bag = new Bag<Named>()
  const all = names.map((name): Named => ({ name }))
  for (const each of all) bag.add(each)
  return { bag, all }
}

function names(bag: Bag<Named>): string[] {
  const all: string[] = []
  bag.forEach(({ name }) => void all.push(name))
  return all.sort()
}

test("holds each of what was put in once, until it is taken out", () => {
  const { bag, all } = filled("a", "b", "c", "d")
  bag.add(all[1]!)
  expect(bag.size).toBe(4)
  expect(bag.delete(all[1]!)).toBe(true)
  expect(bag.delete(all[1]!)).toBe(false)
  expect(names(bag)).toEqual(["a", "c", "d"])
  expect(all.map((each) => bag.has(each))).toEqual([true, false, true, true])
  bag.add(all[1]!)
  expect(names(bag)).toEqual(["a", "b", "c", "d"])
})

test("knows nothing of what another bag holds", () => {
  const { bag, all } = filled("a", "b")
  const { bag: other } = filled("c", "d", "e")
  expect(other.has(all[0]!)).toBe(false)
  expect(other.delete(all[1]!)).toBe(false)
  expect(names(other)).toEqual(["c", "d", "e"])
  expect(names(bag)).toEqual(["a", "b"])
})

test("is empty again in whatever order all are taken out", () => {
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [1, 3, 0, 2],
    [2, 0, 3, 1],
  ]) {
    const { bag, all } = filled("a", "b", "c", "d")
    for (const [done, at] of order.entries()) {
      expect(bag.delete(all[at]!)).toBe(true)
      expect(bag.size).toBe(3 - done)
      expect(names(bag)).toEqual(
        all.flatMap(({ name }, index) => (order.indexOf(index) > done ? [name] : [])),
      )
    }
  }
})

test("goes through all of them, whichever go meanwhile", () => {
  const count = 5
  for (let going = 0; going < count; going++) {
    for (let when = 0; when < count; when++) {
      const { bag, all } = filled("a", "b", "c", "d", "e")
      const seen: Named[] = []
      bag.forEach((each) => {
        if (seen.length === when) bag.delete(all[going]!)
        seen.push(each)
      })
      const wanted = all.filter((each) => bag.has(each))
      expect(wanted.filter((each) => !seen.includes(each))).toEqual([])
    }
  }
})

test("leaves out what is put in meanwhile", () => {
  const { bag } = filled("a", "b")
  const seen: string[] = []
  bag.forEach(({ name }) => {
    seen.push(name)
    bag.add({ name: `${name}${name}` })
  })
  expect(seen.sort()).toEqual(["a", "b"])
  expect(bag.size).toBe(4)
})

test("keeps nothing alive that was taken out, when only what is young is collected", () => {
  // 64 at a time, as requests under way: each has gone when 64 more have come.
  const width = 64
  const bag = new Bag<Named & { payload: Float32Array }>()
  const line: (Named & { payload: Float32Array })[] = Array.from({ length: width })
  const count = () => heapStats().objectTypeCounts["Float32Array"] ?? 0
  fullGC()
  const before = count()
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 2000; i++) {
      const old = line[i % width]
      if (old) bag.delete(old)
      const made = { name: "", payload: new Float32Array(4), place: -1 }
      line[i % width] = made
      bag.add(made)
    }
    edenGC()
  }
  // What was there at one of four collections, and not 8,000.
  expect(count() - before).toBeLessThanOrEqual(8 * width)
})
