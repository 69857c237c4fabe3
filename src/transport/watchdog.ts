import { Bag, type Bagged } from "../core/bag.ts"
import type { Clock } from "../core/clock.ts"

/** A time limit that can be moved for the price of a field write. */
export interface Deadline extends Bagged {
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
  const watched = new Bag<Deadline>()
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    const now = clock.now()
    watched.forEach((deadline) => {
      if (!hasPassed(deadline, now)) return
      watched.delete(deadline)
      deadline.expire()
    })
    if (watched.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
  return {
    watch(deadline) {
      watched.add(deadline)
      if (timer) return
      timer = setInterval(tick, TICK)
      timer.unref()
    },
    release: (deadline) => void watched.delete(deadline),
  }
}
