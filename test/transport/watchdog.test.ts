import { expect, test } from "bun:test"
import { createWatchdog, type Deadline } from "../../src/transport/watchdog.ts"
import { until } from "../support/cleanup.ts"

/** A watchdog whose time the test owns, with deadlines that say when they expire. */
function watched() {
  const clock = { now: () => time.now, wall: () => 0 }
  const time = { now: 0 }
  const watchdog = createWatchdog(clock)
  const told: string[] = []
  const deadline = (name: string, at: number, then = () => {}): Deadline => {
    const made: Deadline = {
      at,
      expire() {
        told.push(name)
        then()
      },
    }
    watchdog.watch(made)
    return made
  }
  return { time, watchdog, told, deadline }
}

test("tells each deadline that has passed, once, and no other", async () => {
  const { time, told, deadline } = watched()
  deadline("early", 10)
  deadline("never", Number.POSITIVE_INFINITY)
  deadline("late", 30)
  time.now = 20
  await until(() => told.length === 1)
  time.now = 40
  await until(() => told.length === 2)
  expect(told).toEqual(["early", "late"])
})

test("does not tell what another one's end releases, wherever it stands", async () => {
  for (const order of [
    ["released", "ends", "other"],
    ["ends", "released", "other"],
    ["other", "ends", "released"],
  ]) {
    const { time, watchdog, told, deadline } = watched()
    const made: Record<string, Deadline> = {}
    for (const name of order) {
      const then = name === "ends" ? () => watchdog.release(made["released"]!) : () => {}
      // What was released in vain has been told before.
      made[name] = deadline(name, name === "ends" ? 10 : 20, then)
    }
    time.now = 15
    await until(() => told.length === 1)
    time.now = 25
    await until(() => told.includes("other"))
    expect(told).toEqual(["ends", "other"])
  }
})

test("watches what begins while another one ends", async () => {
  const { time, told, deadline } = watched()
  deadline("first", 10, () => void deadline("second", 20))
  time.now = 15
  await until(() => told.length === 1)
  expect(told).toEqual(["first"])
  time.now = 25
  await until(() => told.length === 2)
})

test("watches one only once that is watched twice, and again after its release", async () => {
  const { time, watchdog, told, deadline } = watched()
  const twice = deadline("twice", 10)
  watchdog.watch(twice)
  watchdog.release(twice)
  watchdog.release(twice)
  deadline("other", 10)
  watchdog.watch(twice)
  time.now = 15
  await until(() => told.length === 2)
  expect(told.toSorted()).toEqual(["other", "twice"])
})
