import type { Clock } from "../core/clock.ts"

/** A time limit that can be moved for the price of a field write. */
export interface Deadline {
  /** Monotonic milliseconds; Infinity is never. */
  at: number
  /** Called once, when `at` has passed. */
  expire(): void
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
  const watched = new Set<Deadline>()
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    const now = clock.now()
    for (const deadline of watched) {
      if (deadline.at > now) continue
      watched.delete(deadline)
      deadline.expire()
    }
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
    release(deadline) {
      watched.delete(deadline)
    },
  }
}
