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
