import type { AnswerStore, StoredAnswer } from "../../core/answer-store.ts"
import type { Clock } from "../../core/clock.ts"
import type { Logger } from "../../core/log.ts"
import { createAnswerMemory, keyOf, MAX_ANSWER_LENGTH } from "../memory-answer-store.ts"
import type { AnswerLine } from "./messages.ts"
import type { Writer } from "./writer.ts"
import { type WriteBehind, within } from "./write-behind.ts"

/** Characters of answers that wait in memory until they are in the database; the oldest leave first. */
const MEMORY_LENGTH = 64_000_000
/** Milliseconds that reading waits for a database that is behind. */
const PATIENCE_MS = 2000

export interface AnswerStoreParts {
  path: string
  logger: Logger
  clock: Clock
  writer: Writer
  queue: WriteBehind
}

/**
 * Answers in SQLite, through the ledger's journal and its writer. Memory holds only what the database
 * has not got yet: another process may have deleted the rest.
 */
export function createAnswerStore(parts: AnswerStoreParts): AnswerStore {
  const { path, logger, clock, writer, queue } = parts
  const waiting = createAnswerMemory(clock, MEMORY_LENGTH)
  /** By key: what `queue.stored` is once the database has it. Oldest first. */
  const tickets = new Map<string, number>()
  /** The same of what was deleted here. */
  const forgotten = new Map<string, number>()
  let warned = false

  const write = (line: AnswerLine) => queue.write(`${JSON.stringify(line)}\n`)

  /** Lets go of what the database has. Tickets grow, so those that are done come first. */
  function settle(): void {
    for (const [key, ticket] of tickets) {
      if (ticket > queue.stored) break
      tickets.delete(key)
      waiting.delete(key)
    }
    for (const [key, ticket] of forgotten) if (ticket <= queue.stored) forgotten.delete(key)
  }

  /** Whether memory had to let go of an answer that the database has not got. */
  const isBehind = (key: string) => (tickets.get(key) ?? 0) > queue.stored

  async function find(id: string, caller: string | null): Promise<StoredAnswer | undefined> {
    const key = keyOf(id, caller)
    settle()
    if (forgotten.has(key) || queue.closed) return undefined
    const held = waiting.get(key)
    // Another process may have deleted it since; where the journal has not got it, nobody else can.
    if (held && !(writer.shared && tickets.has(key))) return held
    if (!held && isBehind(key)) await within(PATIENCE_MS, queue.flush())
    const result = await writer.call({ task: "find", path, now: clock.wall(), id, caller })
    // Deleted while we looked.
    if (forgotten.has(key)) return undefined
    if (result.ok) return result.answer
    if (!held) logger.warn("A stored answer cannot be read.", { path, error: result.message })
    return held
  }

  return {
    put(answer) {
      if (queue.closed || answer.expires <= clock.wall()) return
      if (answer.input.length + answer.answer.length > MAX_ANSWER_LENGTH) {
        if (!warned) logger.warn("An answer is too long to be kept for later requests.", { path })
        warned = true
        return
      }
      settle()
      const key = keyOf(answer.id, answer.caller)
      forgotten.delete(key)
      tickets.delete(key)
      const ticket = write({ kept: answer })
      // Without a place in the journal it stays in memory as long as there is room.
      if (ticket !== undefined) tickets.set(key, ticket)
      waiting.set(key, answer)
    },
    get: find,
    async has(id) {
      if (queue.closed) return false
      if (waiting.has(id)) return true
      const result = await writer.call({ task: "has", path, now: clock.wall(), id })
      return result.ok && result.has === true
    },
    async delete(id, caller) {
      if ((await find(id, caller)) === undefined || queue.closed) return false
      const key = keyOf(id, caller)
      waiting.delete(key)
      tickets.delete(key)
      forgotten.set(key, write({ forgotten: { id, caller } }) ?? Number.POSITIVE_INFINITY)
      return true
    },
  }
}
