import { systemTimers, type Timers } from "../core/clock.ts"

/** Milliseconds between two looks: in one of them nothing may have been done. */
const PAUSE = 200

/** Bytes of memory that are worth collecting. */
const WORTH = 4_000_000

/** Collections in a row: what the first one frees may have held on to more. */
const ROUNDS = 3

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
 * takes tens of milliseconds in which nobody is served, so it waits for a pause, and for enough to collect.
 */
export function createRest({
  isQuiet,
  collect = () => Bun.gc(true),
  memory = () => process.memoryUsage.rss(),
  timers = systemTimers,
}: RestOptions): Rest {
  let stirred = false
  let looking = false
  let rounds = 0
  /** What there was at the end of the last rest: memory is given back some time after it is freed. */
  let settled: number | undefined

  /** Returns whether to look again. */
  function lookOnce(): boolean {
    if (stirred || !isQuiet()) {
      stirred = false
      if (rounds > 0) settled = memory()
      rounds = 0
      return true
    }
    const enough = rounds > 0 ? rounds < ROUNDS : memory() - settled! >= WORTH
    if (enough) {
      rounds++
      collect()
      return true
    }
    // It is known when the next request comes: some of it is still to be given back.
    if (rounds > 0) settled = undefined
    rounds = 0
    return false
  }

  function look(): void {
    looking = lookOnce()
    if (looking) timers.after(PAUSE, look)
  }

  return {
    stir() {
      stirred = true
      if (looking) return
      looking = true
      settled ??= memory()
      timers.after(PAUSE, look)
    },
  }
}
