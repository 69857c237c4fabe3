import { MOST_WORKERS } from "../core/worker-count.ts"
import { type SharedMemory, slotOf, WAITING } from "./memory.ts"

/** Milliseconds for which room is left to those who wait at other workers. */
const LEFT = 2

/** How requests that wait for room at this worker take turns with those that wait at others. */
export interface Turns {
  /** How many wait here. */
  readonly waiting: number
  /** That has changed. */
  count(waiting: number): void
  /** There may be room, since an attempt of this worker has ended: calls `wake` when it is this one's turn. */
  give(wake: () => void): void
  /** Told when somebody begins to wait. */
  onWait(begun: () => void): void
}

/** Who has room to give leaves it to the others as often as they are of all who wait. */
export function createTurns({ words }: SharedMemory, worker: number): Turns {
  const own = slotOf(worker) + WAITING
  let waiting = 0
  let begun: () => void = () => {}

  function elsewhere(): number {
    let sum = 0
    for (let other = 0; other < MOST_WORKERS; other++) {
      if (other !== worker) sum += Atomics.load(words, slotOf(other) + WAITING)
    }
    return sum
  }

  return {
    get waiting() {
      return waiting
    },
    count(now) {
      if (now === waiting) return
      const first = waiting === 0
      waiting = now
      Atomics.store(words, own, now)
      if (first) begun()
    },
    give(wake) {
      if (waiting === 0) return
      const others = elsewhere()
      if (Math.random() * (others + waiting) >= others) wake()
      // They look every millisecond.
      else setTimeout(wake, LEFT)
    },
    onWait(run) {
      begun = run
    },
  }
}
