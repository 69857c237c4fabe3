/** Milliseconds before the first new start, and at most. */
const SHORTEST = 100
const LONGEST = 10_000
/** Milliseconds that a worker lives that is well. */
const WELL = 10_000

/** How long to wait before something is started again that does not stay alive. */
export interface BackOff {
  /** @param lived milliseconds; @returns milliseconds to wait */
  after(lived: number): number
}

export function createBackOff(): BackOff {
  let wait = SHORTEST
  return {
    after(lived) {
      if (lived >= WELL) wait = SHORTEST
      const now = wait
      wait = Math.min(2 * wait, LONGEST)
      return now
    },
  }
}
