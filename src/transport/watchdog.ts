import type { Clock } from "../core/clock.ts"

/** A time limit that can be moved for the price of a field write. */
export interface Deadline {
  /** Monotonic milliseconds; Infinity is never. */
  at: number
  /** Called once, when `at` has passed. */
  expire(): void
  /**
   * Asked before that, for whoever leaves it to the watchdog to look at the clock.
   *
   * @param now monotonic milliseconds
   * @returns whether it has moved `at`, and is to be watched on
   */
  renew?(now: number): boolean
  /** Where its watchdog has put it, which alone sets this. */
  place?: number
}

/** Whether a deadline has passed, and is not moved. */
export function hasPassed(deadline: Deadline, now: number): boolean {
  return deadline.at <= now && !deadline.renew?.(now)
}

export interface Watchdog {
  watch(deadline: Deadline): void
  /** Forgets a deadline. */
  release(deadline: Deadline): void
}

const TICK = 20

/**
 * All time limits of all streams on one timer: moving a deadline for each event costs nothing, and
 * thousands of silent streams cost one wake-up. Deadlines are up to one tick (20 ms) late.
 */
export function createWatchdog(clock: Clock): Watchdog {
  const watched: Deadline[] = []
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    const now = clock.now()
    // From behind: what is released meanwhile moves the last one, which was looked at, to the front.
    for (let at = watched.length - 1; at >= 0; at--) {
      const deadline = watched[at]
      if (!deadline || !hasPassed(deadline, now)) continue
      release(deadline)
      deadline.expire()
    }
    if (watched.length === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
  const isWatched = (deadline: Deadline) => watched[deadline.place ?? -1] === deadline
  function release(deadline: Deadline): void {
    if (!isWatched(deadline)) return
    const last = watched.pop()!
    if (last === deadline) return
    last.place = deadline.place!
    watched[last.place] = last
  }
  return {
    watch(deadline) {
      if (isWatched(deadline)) return
      deadline.place = watched.length
      watched.push(deadline)
      if (timer) return
      timer = setInterval(tick, TICK)
      timer.unref()
    },
    release,
  }
}
