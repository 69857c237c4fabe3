import { expect, test } from "bun:test"
import { createRest } from "../../src/server/at-rest.ts"
import { virtualTime } from "../routing/virtual-time.ts"

const MB = 1_000_000

/** A process with 50 MB, each of whose requests leaves so much. */
function processLeaving(bytes: number) {
  const time = virtualTime()
  const state = { memory: 50 * MB, underWay: 0, collections: 0 }
  const rest = createRest({
    isQuiet: () => state.underWay === 0,
    collect: () => state.collections++,
    memory: () => state.memory,
    timers: time.timers,
  })
  return {
    time,
    state,
    async ask(pause: number) {
      rest.stir()
      state.memory += bytes
      await time.until(time.sleep(pause))
    },
  }
}

test("collects some times after the last request, and then looks no more", async () => {
  const { time, state, ask } = processLeaving(100 * MB)
  await ask(10_000)
  expect(state.collections).toBe(3)
  expect(time.pending).toBe(0)
})

test("collects again after the next burst, though memory is given back late", async () => {
  const { state, ask } = processLeaving(100 * MB)
  for (const collections of [3, 6, 9]) {
    await ask(10_000)
    expect(state.collections).toBe(collections)
    state.memory -= 95 * MB
  }
})

test("collects nothing while requests come, however short they are", async () => {
  const { state, ask } = processLeaving(10 * MB)
  for (let requests = 0; requests < 100; requests++) await ask(100)
  expect(state.collections).toBe(0)
})

test("collects nothing while an answer is under way, and then does", async () => {
  const { time, state, ask } = processLeaving(100 * MB)
  state.underWay = 1
  await ask(60_000)
  expect(state.collections).toBe(0)
  state.underWay = 0
  await time.until(time.sleep(1000))
  expect(state.collections).toBe(3)
})

test("single requests that leave little are not worth a collection, until it adds up", async () => {
  const { state, ask } = processLeaving(MB)
  for (let requests = 0; requests < 3; requests++) await ask(5000)
  expect(state.collections).toBe(0)
  await ask(5000)
  expect(state.collections).toBe(3)
})

test("a request among the collections ends them, until there is enough again", async () => {
  const { state, ask } = processLeaving(5 * MB)
  await ask(500)
  expect(state.collections).toBe(1)
  state.memory -= 5 * MB
  await ask(5000)
  expect(state.collections).toBe(1)
  await ask(5000)
  expect(state.collections).toBe(4)
})

test("what nobody holds any more is gone", async () => {
  const time = virtualTime()
  let memory = 0
  const grows = () => (memory += 10 * MB)
  const rest = createRest({ isQuiet: () => true, memory: grows, timers: time.timers })
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
