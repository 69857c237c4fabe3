import { expect, test } from "bun:test"
import { createAgenda } from "../../src/simulator/agenda.ts"
import { createRandom } from "../../src/simulator/random.ts"

test("gives what was put down in the order of time, and at one time in the order of putting", () => {
  const random = createRandom(7)
  const agenda = createAgenda()
  const given: { at: number; order: number }[] = []
  const put = Array.from({ length: 2000 }, (_, order) => ({
    at: Math.floor(random() * 100),
    order,
  }))
  for (const each of put) agenda.add(each.at, () => given.push(each))
  while (agenda.size > 0) {
    const due = agenda.next()
    agenda.take()()
    expect(given.at(-1)!.at).toBe(due)
  }
  expect(given).toEqual(put.toSorted((a, b) => a.at - b.at || a.order - b.order))
  expect(agenda.next()).toBe(Number.POSITIVE_INFINITY)
})
