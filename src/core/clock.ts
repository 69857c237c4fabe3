/** Time as the router sees it, so that a test can own it. */
export interface Clock {
  /** Milliseconds from an arbitrary start that never go back: cooldowns, latencies, deadlines. */
  now(): number
  /** Milliseconds since 1970 (UTC), for what a person reads. */
  wall(): number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}

/** Timers as the router sees them, so that a test or the simulator can own time. */
export interface Timers {
  /** Calls `run` once, `ms` milliseconds from now. @returns what calls it off */
  after(ms: number, run: () => void): () => void
}

/** What `setTimeout` can wait for: beyond 24.8 days it would not wait at all. */
const LONGEST = 2 ** 31 - 1

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST))
    return () => clearTimeout(timer)
  },
}
