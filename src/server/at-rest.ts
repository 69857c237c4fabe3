import { systemTimers, type Timers } from "../core/clock.ts"

/** Milliseconds between two looks: in one of them nothing may have been done. */
const PAUSE = 200

/** Bytes by which the memory differs where collecting again may give some back. */
const WORTH = 4_000_000

export interface RestOptions {
  /** Whether nothing is under way. */
  isQuiet: () => boolean
  /** Gives back what nobody needs any more. */
  collect?: () => void
  /** Bytes that the process has now. */
  memory?: () => number
  timers?: Timers
}

/** Collects garbage when nothing is done any more. */
export interface Rest {
  /** Something begins. */
  stir(): void
}

/**
 * The engine collects as others allocate: what a burst has left would stay until the next one. Collecting
 * takes tens of milliseconds in which nobody is served, so it waits for a pause, and then goes on as long
 * as the memory changes: what is freed comes back late, and what it held on to can be freed only then.
 */
export function createRest({
  isQuiet,
  collect = () => Bun.gc(true),
  memory = () => process.memoryUsage.rss(),
  timers = systemTimers,
}: RestOptions): Rest {
  let stirred = false
  let looking = false
  /** What there was before the last collection. */
  let before = 0

  function look(): void {
    if (stirred || !isQuiet()) {
      stirred = false
    } else {
      const now = memory()
      looking = Math.abs(now - before) >= WORTH
      if (looking) {
        before = now
        collect()
      }
    }
    if (looking) timers.after(PAUSE, look)
  }

  return {
    stir() {
      stirred = true
      if (looking) return
      looking = true
      timers.after(PAUSE, look)
    },
  }
}
