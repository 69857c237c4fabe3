import { expect, test } from "bun:test"
import { createRest } from "../../src/server/at-rest.ts"
import { virtualTime } from "../routing/virtual-time.ts"

const MB = 1_000_000

/** A process that has so much memory, in which a collection frees one share after the other. */
function processWith({ memory, frees }: { memory: number; frees: number[] }) {
  const time = virtualTime()
  const state = { memory, underWay: 0, collections: 0 }
  const rest = createRest({
    isQuiet: () => state.underWay === 0,
    collect() {
      state.memory -= frees[state.collections++] ?? 0
    },
    memory: () => state.memory,
    timers: time.timers,
  })
  return { time, state, rest }
}

test("collects after the last request, as often as it frees something", async () => {
  const { time, state, rest } = processWith({ memory: 150 * MB, frees: [30 * MB, 10 * MB, MB] })
  rest.stir()
  await time.until(time.sleep(10_000))
  expect(state.collections).toBe(3)
  expect(time.pending).toBe(0)
})

test("collects nothing while requests come, however short they are", async () => {
  const { time, state, rest } = processWith({ memory: 150 * MB, frees: [] })
  for (let requests = 0; requests < 100; requests++) {
    rest.stir()
    await time.until(time.sleep(100))
  }
  expect(state.collections).toBe(0)
})

test("collects nothing while an answer is under way, and then does", async () => {
  const { time, state, rest } = processWith({ memory: 150 * MB, frees: [50 * MB] })
  state.underWay = 1
  rest.stir()
  await time.until(time.sleep(60_000))
  expect(state.collections).toBe(0)
  state.underWay = 0
  await time.until(time.sleep(1000))
  expect(state.collections).toBe(2)
})

test("single requests that leave little are not worth a collection, until it adds up", async () => {
  const { time, state, rest } = processWith({ memory: 60 * MB, frees: [] })
  const ask = async () => {
    state.memory += MB
    rest.stir()
    await time.until(time.sleep(5000))
  }
  await ask()
  const first = state.collections
  for (let requests = 0; requests < 3; requests++) await ask()
  expect(state.collections).toBe(first)
  await ask()
  expect(state.collections).toBeGreaterThan(first)
})

test("what nobody holds any more is gone", async () => {
  const time = virtualTime()
  const rest = createRest({ isQuiet: () => true, timers: time.timers })
  // In a function, whose stack nothing is found on afterwards.
  const make = () => Array.from({ length: 100 }, (_, n) => new WeakRef({ n }))
  const left = make()
  const there = () => left.filter((one) => one.deref() !== undefined).length
  expect(there()).toBe(100)
  // What was looked at stays until the turn ends.
  await new Promise((resolve) => setImmediate(resolve))
  rest.stir()
  await time.until(time.sleep(2000))
  expect(there()).toBeLessThan(10)
})
