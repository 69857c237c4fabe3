import { expect, test } from "bun:test"
import { createEngine } from "../../src/simulator/engine.ts"

test("follows up all promises of an event before the next one", () => {
  const engine = createEngine()
  const log: string[] = []
  const later = (ms: number) => new Promise<void>((resolve) => engine.at(ms, resolve))
  async function task(name: string, times: number[]): Promise<void> {
    for (const time of times) {
      await later(time)
      log.push(`${name} at ${engine.clock.now()}`)
      await null
      await null
      log.push(`${name} goes on`)
    }
  }
  void task("a", [10, 20])
  void task("b", [10, 15])
  engine.run()
  expect(log).toEqual([
    "a at 10",
    "a goes on",
    "b at 10",
    "b goes on",
    "b at 15",
    "b goes on",
    "a at 20",
    "a goes on",
  ])
})

test("calls timers off", () => {
  const engine = createEngine()
  const log: string[] = []
  const stop = engine.timers.after(10, () => log.push("off"))
  engine.timers.after(5, stop)
  engine.timers.after(20, () => log.push("on"))
  engine.run()
  expect(log).toEqual(["on"])
  expect(engine.clock.now()).toBe(20)
})

test("never goes back", () => {
  const engine = createEngine()
  const times: number[] = []
  engine.at(50, () => engine.at(10, () => times.push(engine.clock.now())))
  engine.run()
  expect(times).toEqual([50])
})
