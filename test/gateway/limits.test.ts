import { expect, test } from "bun:test"
import type { GatewayError } from "../../src/core/error.ts"
import { Life } from "../../src/core/life.ts"
import type { Timeouts } from "../../src/core/settings.ts"
import { AttemptLimits } from "../../src/gateway/limits.ts"
import { createWatchdog } from "../../src/transport/watchdog.ts"
import { until } from "../support/cleanup.ts"

const TIMEOUTS: Timeouts = {
  connect: 0,
  firstByte: 100,
  firstContent: 1000,
  response: 100,
  stall: 200,
  total: 0,
}

/** An attempt's limits in a time that the test owns, and how often the clock is looked at. */
function attempt() {
  const time = { now: 0 }
  let looks = 0
  const now = () => {
    looks++
    return time.now
  }
  const clock = { now, wall: () => 0 }
  const life = new Life()
  const watchdog = createWatchdog({ ...clock, now: () => time.now })
  const context = { clock, watchdog }
  const limits = new AttemptLimits(context, TIMEOUTS, true, life, 0)
  /** When the watchdog has looked at what is due now. */
  const looked = async () => {
    let done = false
    watchdog.watch({
      at: time.now,
      expire() {
        done = true
      },
    })
    await until(() => done)
  }
  return { time, life, limits, looked, looks: () => looks }
}

const message = ({ reason }: Life) => (reason as GatewayError).message

test("ends an attempt whose first byte is late", async () => {
  const { time, life } = attempt()
  time.now = 101
  await until(() => life.aborted)
  expect(message(life)).toContain("No first byte from the upstream within 100 ms")
})

test("counts a stall from the last event on, without looking at the clock for each", async () => {
  const { time, life, limits, looked, looks } = attempt()
  limits.begun()
  limits.wait()
  const before = looks()
  for (let event = 0; event < 100; event++) limits.progress()
  expect(looks()).toBe(before)
  // The next tick sees that something has come.
  await until(() => limits.at > 0)
  expect(limits.at).toBe(200)
  time.now = 150
  limits.progress()
  await until(() => limits.at > 0)
  expect(limits.at).toBe(350)
  time.now = 349
  await looked()
  expect(life.aborted).toBe(false)
  time.now = 351
  await until(() => life.aborted)
  expect(message(life)).toContain("stall")
})

test("content has to come in time, whatever else comes", async () => {
  const { time, life, limits } = attempt()
  limits.progress()
  time.now = 999
  await until(() => limits.at > 0)
  expect(limits.at).toBe(1000)
  time.now = 1001
  limits.progress()
  await until(() => life.aborted)
  expect(message(life)).toContain("No content")
})

test("a pause takes nothing of what is left", () => {
  const { time, limits } = attempt()
  time.now = 40
  limits.pause()
  expect(limits.at).toBe(1000)
  time.now = 500
  limits.wait()
  expect(limits.at).toBe(560)
  limits.end()
})

test("counts a stall from the last change of a count that it follows, but not while the client is in the way", async () => {
  const { time, life, limits, looked, looks } = attempt()
  limits.begun()
  limits.wait()
  const counted = { progress: 5 }
  limits.follow(counted)
  const before = looks()
  for (; counted.progress < 10; counted.progress++) await looked()
  expect(looks()).toBe(before)
  time.now = 150
  counted.progress++
  await looked()
  time.now = 349
  await looked()
  expect(life.aborted).toBe(false)
  limits.pause()
  time.now = 10_000
  await looked()
  counted.progress++
  limits.wait()
  time.now = 10_199
  await looked()
  expect(life.aborted).toBe(false)
  time.now = 10_201
  await until(() => life.aborted)
  expect(message(life)).toContain("No event with content from the upstream within 200 ms")
})

test("a count means nothing any more once the answer is left to end by itself", async () => {
  const { time, life, limits } = attempt()
  limits.begun()
  const counted = { progress: 0 }
  limits.follow(counted)
  limits.hurry(50)
  counted.progress++
  time.now = 51
  await until(() => life.aborted)
})
