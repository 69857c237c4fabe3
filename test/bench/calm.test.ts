import { expect, test } from "bun:test"
import { createCalm, type Machine } from "../../bench/calm.ts"
import { runProgram } from "../../bench/process.ts"

/** A machine on which a piece of work takes these times, one after the other. */
function machineOf(times: number[]): Machine & { rests: number } {
  return {
    rests: 0,
    async work() {
      const time = times.shift()
      if (time === undefined) throw new Error("looked at more often than it should be")
      return time
    },
    async rest() {
      this.rests += 1
    },
  }
}

test("a busy machine is waited for until it is nearly at its best", async () => {
  const machine = machineOf([10, 10, 10, 10, 20, 30, 12, 11])
  const calm = createCalm(machine, 100)
  await calm.wait()
  expect(machine.rests).toBe(2)
  await calm.wait()
  expect(machine.rests).toBe(2)
  expect(calm.unrest()).toEqual({ median: 1.15, most: 1.2 })
})

test("patience with a busy machine ends, and how busy it was is said", async () => {
  const machine = machineOf([10, 10, 10, 10, 20, 20, 20, 15])
  const calm = createCalm(machine, 2)
  await calm.wait()
  await calm.wait()
  expect(machine.rests).toBe(2)
  expect(calm.unrest()).toEqual({ median: 1.75, most: 2 })
})

test("a machine that was never looked at is called nothing", () => {
  expect(createCalm(machineOf([]), 0).unrest()).toBeUndefined()
})

test.skipIf(!Bun.which("taskset"))("the piece of work says how long it took", async () => {
  expect(await runProgram<number>("0", "calm-work.ts")).toBeGreaterThan(0)
})
