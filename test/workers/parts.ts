import type { Clock } from "../../src/core/clock.ts"
import type { Channel } from "../../src/core/routing.ts"
import { type Commons, createCommons } from "../../src/workers/commons.ts"
import { type SharedKnowledge, shareKnowledge } from "../../src/workers/knowledge.ts"
import { createLock } from "../../src/workers/lock.ts"
import { ABSENT, openSharedMemory, slotOf, STATE } from "../../src/workers/memory.ts"
import { deployment, RULES } from "../routing/parts.ts"

/** Deployments that the tests' workers have. */
const IDS = ["p/a", "p/b", "q/c"] as const

/** A provider with a budget. */
export const PROVIDER = { name: "p", budget: { amount: 1000, window: "day" as const } }

/** One worker, in whichever process. */
export interface TestWorker {
  readonly commons: Commons
  readonly knowledge: SharedKnowledge
  readonly channels: readonly Channel[]
  /** What went wrong. */
  readonly problems: unknown[]
  /** All that it knows, to be compared. */
  known(): unknown
}

/** Takes part in what those share who have the same folder. */
export async function takePart(
  folder: string,
  worker: number,
  owner: number,
  clock: Clock,
): Promise<TestWorker> {
  const memory = openSharedMemory(folder)
  const problems: unknown[] = []
  const commons = createCommons({
    memory,
    worker,
    owner,
    clock,
    warn: (problem) => problems.push(problem),
    lock: createLock(memory),
  })
  const knowledge = shareKnowledge(commons, clock, { ...RULES, version: "1" }, () => {})
  await commons.join()
  const { health, spending } = knowledge
  return {
    commons,
    knowledge,
    channels: IDS.flatMap((id) => deployment(id, { health, keys: 2 }).channels),
    problems,
    known() {
      commons.catchUp()
      const { channels, deployments, ...rest } = health.save([])
      return {
        ...rest,
        channels: channels.toSorted(byId),
        deployments: deployments.toSorted(byId),
        spending: spending.save(),
      }
    },
  }
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

/** What the process that starts workers does when one has died. */
export function bury(gone: TestWorker, left: readonly TestWorker[]): void {
  const { words } = gone.commons.memory
  Atomics.store(words, slotOf(gone.commons.worker) + STATE, ABSENT)
  for (const worker of left) worker.commons.bury(gone.commons.owner)
}
