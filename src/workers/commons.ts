import type { Clock } from "../core/clock.ts"
import { createEventClock, type EventClock } from "./clock.ts"
import { EVENT, kindOf } from "./event.ts"
import { createLock, type Lock } from "./lock.ts"
import { createEventLog, type RecordView } from "./log.ts"
import { ASKING, PRESENT, type SharedMemory, slotOf, STATE, TOLD, WRAPPED } from "./memory.ts"
import { createNames, type Names } from "./names.ts"
import type { Part } from "./part.ts"
import { createTidings } from "./tidings.ts"
import { MOST_WORKERS } from "../core/worker-count.ts"

/**
 * What all workers know alike. Each has a copy, and changes it only by events that all of them apply in the same
 * order: so the copies never differ but by what one has not read yet, and before it decides it reads all.
 */
export interface Commons {
  readonly memory: SharedMemory
  /** This worker's place, and a number that no other one ever has: one that comes in its place has another. */
  readonly worker: number
  readonly owner: number
  readonly lock: Lock
  /** Stopped while an event is written or read. */
  readonly clock: EventClock
  readonly names: Names
  /** Applies what other workers have done. Costs next to nothing where there is nothing new. */
  catchUp(): void
  /** Begins an event: nobody else writes now, and everything is known. Ends with `leave`. */
  enter(): void
  leave(): void
  /** A place for the record of an event that this worker has applied itself; then `commit`. */
  write(head: number): RecordView
  commit(): void
  /** The number that stands for a text. Only between `enter` and `leave`. */
  nameOf(text: string): number
  /** Says what is done when another worker tells of a kind of event. */
  on(kind: number, apply: (record: RecordView) => void): void
  /** @param key by which the part is found again in another process */
  part(key: string, part: Part): void
  /** Resolves when this worker knows what all know. Before that it must do nothing. */
  join(): Promise<void>
  /** Tells everything to those who have asked. To be called now and then. */
  answer(): void
  /** A worker has died: what it had under way is over. As often as it is told. */
  bury(owner: number): void
}

export interface CommonsOptions {
  memory: SharedMemory
  worker: number
  owner: number
  /** The time that all workers share. */
  clock: Clock
  /** Told what went wrong with another worker's event. */
  warn(problem: unknown): void
  /** Another process's id stands for it where a test has several in one. */
  lock?: Lock
}

/** Milliseconds between two looks whether somebody has told all. */
const LOOK = 2

export function createCommons(options: CommonsOptions): Commons {
  const { memory, worker, owner, warn } = options
  const { words } = memory
  const clock = createEventClock(options.clock)
  const lock = options.lock ?? createLock(memory)
  const names = createNames()
  const parts = new Map<string, Part>([["names", names as Part]])
  const tidings = createTidings(memory, parts)
  const log = createEventLog(memory, worker, tell)
  const apply: ((record: RecordView) => void)[] = []
  apply[EVENT.name] = names.read
  const own = slotOf(worker) + STATE
  let depth = 0

  function tell(other: number): void {
    try {
      tidings.write(other, log.head)
    } catch (thrown) {
      // A full disk, say: it waits until somebody can.
      words[slotOf(other) + STATE] = ASKING
      warn(thrown)
    }
  }

  /** What was not read is gone: all is taken from who has read it, where somebody has written it down. */
  function takeOver(): void {
    if (words[own] !== TOLD) return
    try {
      log.join(tidings.read(worker))
    } catch (thrown) {
      words[own] = ASKING
      warn(thrown)
    }
  }

  /** With the lock. */
  function read(): void {
    if (log.lost) takeOver()
    if (log.lost) return
    for (let record = log.next(); record; record = log.next()) {
      clock.stop(record.number(0), record.number(1))
      try {
        apply[kindOf(record.int(0))]?.(record)
      } catch (thrown) {
        warn(thrown)
      }
    }
    clock.go()
  }

  function isAlone(): boolean {
    for (let other = 0; other < MOST_WORKERS; other++) {
      const state = words[slotOf(other) + STATE]
      if (other !== worker && (state === PRESENT || state === TOLD)) return false
    }
    return true
  }

  /** @returns whether it takes part now */
  function tryToJoin(): boolean {
    lock.take()
    if (words[WRAPPED] === 0) log.join(0)
    else if (words[own] !== TOLD) {
      // All who knew something have died, or somebody is to tell it.
      if (isAlone()) log.join(log.head)
      else words[own] = ASKING
    }
    // At once: others do not know yet that somebody may need what they write over.
    read()
    const joined = !log.lost
    lock.give()
    return joined
  }

  function write(head: number): RecordView {
    const record = log.begin()
    record.setInt(0, head)
    return record
  }

  return {
    memory,
    worker,
    owner,
    lock,
    clock,
    names,
    catchUp() {
      if (depth > 0 || !log.news) return
      lock.take()
      read()
      lock.give()
    },
    enter() {
      lock.take()
      if (depth++ > 0) return
      read()
      if (log.lost) {
        this.leave()
        throw new Error("this worker does not know yet what the others know")
      }
      log.makeRoom()
      clock.stop(clock.now(), clock.wall())
    },
    leave() {
      if (--depth === 0) clock.go()
      lock.give()
    },
    write,
    commit: log.commit,
    nameOf: (text) => names.find(text) ?? names.give(text, () => write(EVENT.name), log.commit),
    on(kind, run) {
      const others = apply[kind]
      apply[kind] = others
        ? (record) => {
            others(record)
            run(record)
          }
        : run
    },
    part(key, part) {
      parts.set(key, part)
    },
    async join() {
      while (!tryToJoin()) await Bun.sleep(LOOK)
    },
    bury(dead) {
      this.enter()
      try {
        const record = write(EVENT.gone)
        record.setInt(1, dead)
        record.setNumber(0, clock.now())
        record.setNumber(1, clock.wall())
        apply[EVENT.gone]?.(record)
        log.commit()
      } finally {
        this.leave()
      }
    },
    answer() {
      for (let other = 0; other < MOST_WORKERS; other++) {
        if (words[slotOf(other) + STATE] !== ASKING || other === worker) continue
        lock.take()
        read()
        if (!log.lost) tell(other)
        lock.give()
      }
    },
  }
}
