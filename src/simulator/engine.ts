import { drainMicrotasks } from "bun:jsc"
import type { Clock, Timers } from "../core/clock.ts"
import { createAgenda } from "./agenda.ts"

/** Wall time at the virtual time 0, in milliseconds since 1970: a midnight (UTC), for budgets and windows. */
const EPOCH = Date.UTC(2026, 0, 1)

/** Virtual time: it stands still while code runs, and jumps to the next thing that was put down. */
export interface Engine {
  readonly clock: Clock
  readonly timers: Timers
  /** Runs something at a virtual time, not earlier than now. */
  at(time: number, run: () => void): void
  /** Runs until nothing is left. */
  run(): void
}

/**
 * A virtual clock with its timers. After each event all promises that it has settled are followed up
 * before the next one, so that the order of everything depends on the virtual time only.
 */
export function createEngine(): Engine {
  const agenda = createAgenda()
  let now = 0
  return {
    clock: { now: () => now, wall: () => EPOCH + now },
    timers: {
      after(ms, run) {
        let called = true
        agenda.add(now + Math.max(0, ms), () => called && run())
        return () => {
          called = false
        }
      },
    },
    at: (time, run) => agenda.add(Math.max(now, time), run),
    run() {
      while (agenda.size > 0) {
        now = agenda.next()
        agenda.take()()
        drainMicrotasks()
      }
    },
  }
}
