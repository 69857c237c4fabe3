import type { Clock } from "../core/clock.ts"
import type { StorageWriter } from "../storage/sqlite/open-storage.ts"
import type { Channel } from "./channel.ts"
import { sharedClock } from "./clock.ts"
import { createCommons } from "./commons.ts"
import {
  type Knowledge,
  type SharedKnowledge,
  shareKnowledge,
  type Versioned,
} from "./knowledge.ts"
import { openSharedMemory } from "./memory.ts"
import type { Place } from "./place.ts"
import type { OfSupervisor } from "./questions.ts"
import { createTurns, type Turns } from "./turns.ts"

/** Questions after the time, of which the one that was answered fastest counts. */
const TIMES = 16
/** Milliseconds between two looks at what others do while nothing is asked, and while a request waits for room. */
const IDLE = 100
const WAITING = 1

/** What a router has that is one of several on the same port. */
export interface Seat {
  /**
   * What it decides by.
   *
   * @param rules those to begin with
   * @param ended told when an attempt of another worker has ended: there may be room
   */
  knowledge(rules: Versioned, ended: () => void): Knowledge
  /** Has loaded other rules, which all will take or none. */
  prepare(rules: Versioned): void
  /** Takes them. */
  take(rules: Versioned): void
  /** Resolves when it knows what all know. Before that nothing may be decided. */
  join(): Promise<void>
  /** How requests that wait for room take turns with those of other workers. */
  readonly turns: Turns
  /** The database's writer, in another process. */
  readonly writer: StorageWriter
  /** Has all workers load the config again. */
  reload(): Promise<unknown>
  /** Tells all other workers what they cannot read in the log. @param heard plain data */
  spread(heard: unknown): void
  /** A worker has died. */
  bury(owner: number): void
  close(): void
}

/** @param warn told what went wrong between workers */
export async function takeSeat(
  { worker, owner, folder }: Place,
  supervisor: Channel<OfSupervisor>,
  warn: (problem: unknown) => void,
): Promise<Seat> {
  const clock: Clock = sharedClock(await offsetTo(supervisor))
  const memory = openSharedMemory(folder)
  const commons = createCommons({ memory, worker, owner, clock, warn })
  const turns = createTurns(memory, worker)
  let known: SharedKnowledge | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  function look(): void {
    commons.catchUp()
    commons.answer()
    timer = setTimeout(look, turns.waiting > 0 ? WAITING : IDLE)
  }
  return {
    knowledge(rules, ended) {
      known = shareKnowledge(commons, clock, rules, ended)
      return known
    },
    prepare: (rules) => known!.rules.prepare(rules.version, rules),
    take: ({ version }) => known!.rules.take(version),
    async join() {
      await commons.join()
      turns.onWait(() => {
        clearTimeout(timer)
        look()
      })
      look()
    },
    turns,
    writer: {
      call: (task) =>
        supervisor.ask("store", task).catch((thrown: unknown) => ({
          ok: false,
          cause: "worker",
          message: thrown instanceof Error ? thrown.message : String(thrown),
          notices: {},
        })),
    },
    reload: () => supervisor.ask("reload", undefined),
    spread: (heard) => void supervisor.ask("spread", heard).catch(() => {}),
    bury: commons.bury.bind(commons),
    close: () => clearTimeout(timer),
  }
}

/** How far this process's own time is behind the supervisor's, in milliseconds. */
async function offsetTo(supervisor: Channel<OfSupervisor>): Promise<number> {
  let best = { took: Number.POSITIVE_INFINITY, offset: 0 }
  for (let times = 0; times < TIMES; times++) {
    const asked = performance.now()
    const there = await supervisor.ask("time", undefined)
    const took = performance.now() - asked
    if (took < best.took) best = { took, offset: there - (asked + took / 2) }
  }
  return best.offset
}
