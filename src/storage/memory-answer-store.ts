import { AgingMap } from "../core/aging-map.ts"
import type { AnswerStore, StoredAnswer } from "../core/answer-store.ts"
import type { Clock } from "../core/clock.ts"

/** Characters of one answer with its conversation that are kept at most. */
export const MAX_ANSWER_LENGTH = 32_000_000
/** Characters that the memory holds at most. */
const CAPACITY = 64_000_000

/** Answers by key, with a bound: what was used longest ago leaves first. */
export interface AnswerMemory {
  get(key: string): StoredAnswer | undefined
  set(key: string, answer: StoredAnswer): void
  /** Whether some caller has an answer of this id. */
  has(id: string): boolean
  /** @returns whether there was one */
  delete(key: string): boolean
}

/** The key of an answer: another caller's answer of the same id is another one. */
export function keyOf(id: string, caller: string | null): string {
  return JSON.stringify([id, caller])
}

/** @param capacity characters of all answers together */
export function createAnswerMemory(clock: Clock, capacity: number): AnswerMemory {
  // What is used is set anew: the oldest is the one used longest ago.
  const answers = new AgingMap<string, StoredAnswer>()
  let length = 0

  function remove(key: string): boolean {
    const answer = answers.delete(key)
    if (!answer) return false
    length -= lengthOf(answer)
    return true
  }

  return {
    get(key) {
      const answer = answers.get(key)
      if (!answer) return undefined
      if (answer.expires <= clock.wall()) {
        remove(key)
        return undefined
      }
      answers.set(key, answer)
      return answer
    },
    set(key, answer) {
      remove(key)
      answers.set(key, answer)
      length += lengthOf(answer)
      while (length > capacity && answers.oldest !== undefined) remove(answers.oldest)
    },
    has(id) {
      const now = clock.wall()
      return answers.values().some((answer) => answer.id === id && answer.expires > now)
    },
    delete: remove,
  }
}

/** Keeps answers until they expire, the process ends, or newer ones need the room. */
export function createMemoryAnswerStore(clock: Clock, capacity = CAPACITY): AnswerStore {
  const memory = createAnswerMemory(clock, capacity)
  return {
    put(answer) {
      if (answer.expires <= clock.wall() || lengthOf(answer) > MAX_ANSWER_LENGTH) return
      memory.set(keyOf(answer.id, answer.caller), answer)
    },
    async get(id, caller) {
      return memory.get(keyOf(id, caller))
    },
    async has(id) {
      return memory.has(id)
    },
    async delete(id, caller) {
      const key = keyOf(id, caller)
      return memory.get(key) !== undefined && memory.delete(key)
    },
  }
}

function lengthOf({ input, answer }: StoredAnswer): number {
  return input.length + answer.length
}
