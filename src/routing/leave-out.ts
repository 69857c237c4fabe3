/** Runs in a row that may take too long before something is left out, and for how many milliseconds. */
const PATIENCE = 3
const OUT = 60_000
/** Milliseconds between two warnings. */
const QUIET = 60_000

/** Watches over code of the user's own: says what is wrong, not too often, and leaves out what is slow. */
export interface LeaveOut {
  /** Whether it is left out. Times are monotonic milliseconds. */
  isOut(now: number): boolean
  tookTooLong(now: number, why: string): void
  wasQuick(): void
  warn(why: string, now: number): void
}

export function createLeaveOut({ warn }: { warn(message: string): void }): LeaveOut {
  let slow = 0
  let outUntil = Number.NEGATIVE_INFINITY
  let warned = Number.NEGATIVE_INFINITY

  function tell(why: string, now: number): void {
    if (now - warned < QUIET) return
    warned = now
    warn(why)
  }

  return {
    isOut: (now) => now < outUntil,
    tookTooLong(now, why) {
      if (++slow < PATIENCE) return tell(why, now)
      slow = 0
      outUntil = now + OUT
      // Worth a line, whatever was said before.
      warned = now
      warn(`${why}, ${PATIENCE} times in a row: it is left out for a minute`)
    },
    wasQuick() {
      slow = 0
    },
    warn: tell,
  }
}
