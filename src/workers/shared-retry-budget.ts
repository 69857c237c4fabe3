import { mostRetries, type RetryBudget } from "../routing/retry-budget.ts"
import { MOST_WORKERS } from "../core/worker-count.ts"
import type { Lock } from "./lock.ts"
import { ACTIVE, RETRIES, type SharedMemory, slotOf } from "./memory.ts"

/**
 * The retry budget of all workers together. Each counts in words of its own, which are set to zero when it has died;
 * a retry is taken by one worker at a time.
 */
export function shareRetryBudget({ words }: SharedMemory, lock: Lock, worker: number): RetryBudget {
  const active = slotOf(worker) + ACTIVE
  const retries = slotOf(worker) + RETRIES

  function sum(word: number): number {
    let total = 0
    for (let each = 0; each < MOST_WORKERS; each++)
      total += Atomics.load(words, slotOf(each) + word)
    return total
  }

  return {
    get active() {
      return sum(ACTIVE)
    },
    get retries() {
      return sum(RETRIES)
    },
    enter() {
      words[active]!++
    },
    leave() {
      if (words[active]! > 0) words[active]!--
    },
    take() {
      lock.take()
      const room = sum(RETRIES) + 1 <= mostRetries(sum(ACTIVE))
      if (room) words[retries]!++
      lock.give()
      if (!room) return undefined
      let taken = true
      return () => {
        if (!taken) return
        taken = false
        words[retries]!--
      }
    },
  }
}
