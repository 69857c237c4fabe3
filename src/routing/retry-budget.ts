/**
 * Bounds the attempts that failing upstreams get beyond one for each request, so that an outage is not
 * made worse by those who suffer from it. One for the whole process.
 */
export interface RetryBudget {
  /** Requests under way, and retries of them. */
  readonly active: number
  readonly retries: number
  /** A request begins. */
  enter(): void
  /** It has ended. */
  leave(): void
  /**
   * Asks for one more retry.
   *
   * @returns what gives it back when the retry has ended, once however often it is called; undefined
   * when as many are under way as may be
   */
  take(): (() => void) | undefined
}

/** Share of the active requests that may be retries, and how many always may be. */
const SHARE = 0.2
const LEAST = 3

export interface RetryBudgetOptions {
  /** Share of the active requests that may be retries, from 0 to 1. */
  share?: number
  /** How many always may be. */
  least?: number
}

/** Keeps what a product loses as a binary fraction from costing a whole retry. */
const ROUNDING = 1e-9

/** How many retries there may be beside so many active requests. */
export function mostRetries(active: number, share = SHARE, least = LEAST): number {
  return Math.max(least, share * active + ROUNDING)
}

/** Retries are at most the greater of `least` and `share` of the requests that are active when one is taken. */
export function createRetryBudget({
  share = SHARE,
  least = LEAST,
}: RetryBudgetOptions = {}): RetryBudget {
  let active = 0
  let retries = 0
  return {
    get active() {
      return active
    },
    get retries() {
      return retries
    },
    enter() {
      active++
    },
    leave() {
      if (active > 0) active--
    },
    take() {
      if (retries + 1 > mostRetries(active, share, least)) return undefined
      retries++
      let taken = true
      return () => {
        if (!taken) return
        taken = false
        retries--
      }
    },
  }
}
