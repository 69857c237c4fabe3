import type { Clock } from "../core/clock.ts"

/** A clock that can be stopped while something happens that all workers are to see at the same time. */
export interface EventClock extends Clock {
  /** Stops it. @param now monotonic milliseconds; @param wall milliseconds since 1970 */
  stop(now: number, wall: number): void
  go(): void
}

/** @param offset milliseconds that this process's own time is behind the one that all share */
export function sharedClock(offset: number): Clock {
  return {
    now: () => performance.now() + offset,
    wall: () => Date.now(),
  }
}

/** The time of the event that is being written or read, else that of the clock. */
export function createEventClock(clock: Clock): EventClock {
  let stopped = false
  let now = 0
  let wall = 0
  return {
    now: () => (stopped ? now : clock.now()),
    wall: () => (stopped ? wall : clock.wall()),
    stop(atNow, atWall) {
      stopped = true
      now = atNow
      wall = atWall
    },
    go() {
      stopped = false
    },
  }
}
