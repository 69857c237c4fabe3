import type { Clock, Timers } from "../../src/core/clock.ts"

/** Time that passes only where something waits for it. */
export interface VirtualTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Resolves after so many virtual milliseconds. */
  sleep(ms: number): Promise<void>
  /** Lets time pass until a promise is settled. @throws Error when nothing is left that it could wait for */
  until<Value>(promise: Promise<Value>): Promise<Value>
  /** Timers that have yet to run. */
  readonly pending: number
}

export function virtualTime(): VirtualTime {
  let now = 1_000_000
  let order = 0
  const agenda = new Map<number, { at: number; run: () => void }>()
  const clock: Clock = { now: () => now, wall: () => now }
  const timers: Timers = {
    after(ms, run) {
      const id = order++
      agenda.set(id, { at: now + Math.max(0, ms), run })
      return () => void agenda.delete(id)
    },
  }
  return {
    clock,
    timers,
    sleep: (ms) => new Promise((resolve) => void timers.after(ms, resolve)),
    async until(promise) {
      let settled = false
      const mark = () => {
        settled = true
      }
      promise.then(mark, mark)
      for (;;) {
        // Everything that is ready to go on goes on first.
        await new Promise((resolve) => setImmediate(resolve))
        if (settled) return promise
        const [next] = [...agenda].toSorted(([a, x], [b, y]) => x.at - y.at || a - b)
        if (!next) throw new Error("nothing is left to wait for")
        agenda.delete(next[0])
        now = Math.max(now, next[1].at)
        next[1].run()
      }
    },
    get pending() {
      return agenda.size
    },
  }
}
