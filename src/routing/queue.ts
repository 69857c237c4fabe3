import type { Clock, Timers } from "../core/clock.ts"
import type { Channel, RoutingRequest } from "../core/routing.ts"

/** One request that waits for capacity. */
export interface Waiter {
  /** Key id; callers take turns. */
  readonly caller: string | null
  /** What it waits for; only those of a caller that wait for the same stand behind one another. */
  readonly kind: string
  /**
   * Lets it decide anew; when it finds room it goes, at once.
   *
   * @returns undefined when it went, else when asking again makes sense: monotonic milliseconds, or
   *   Infinity for when something ends
   */
  ask(): number | undefined
  /** It has waited as long as it may. */
  expired(): void
}

/**
 * Requests of one group that wait for capacity: bounded, and fair. Callers take turns, so that one
 * who floods the router waits for itself; within one caller the first to come is the first to go, of
 * those that could go.
 */
export interface Queue {
  readonly size: number
  /** Whether somebody waits for this: who comes with the same lines up. */
  waits(kind: string): boolean
  /** @param timeout milliseconds. @returns what takes it out again; undefined when the queue is full */
  enter(waiter: Waiter, limits: { max: number; timeout: number }): (() => void) | undefined
  /** There may be room: lets requests go as long as they find some. */
  wake(): void
}

/** Requests of one kind that a wake-up asks in vain, since what one lacks another may not need; and of all kinds. */
const IN_VAIN = 8
const MOST_IN_VAIN = 32
/** Milliseconds between two wake-ups by time at least. */
const SHORTEST = 10

interface Waiting {
  readonly waiter: Waiter
  until: number
  stop(): void
}

/** @param changed told by how many those who wait have become more */
export function createQueue(
  clock: Clock,
  timers: Timers,
  changed: (more: 1 | -1) => void = () => {},
): Queue {
  /** By caller, whose turn is next first. */
  const lines = new Map<string | null, Waiting[]>()
  let size = 0
  let waking = false
  /** Whether there was another wake-up during one. */
  let again = false
  let alarm: { at: number; stop: () => void } | undefined

  function remove(waiting: Waiting): boolean {
    const { caller } = waiting.waiter
    const line = lines.get(caller)
    const at = line?.indexOf(waiting) ?? -1
    if (!line || at < 0) return false
    line.splice(at, 1)
    if (line.length === 0) lines.delete(caller)
    size--
    changed(-1)
    waiting.stop()
    return true
  }

  /** The caller has had its turn. */
  function toTheEnd(caller: string | null): void {
    const line = lines.get(caller)
    if (!line) return
    lines.delete(caller)
    lines.set(caller, line)
  }

  function wake(): void {
    again = true
    if (waking) return
    waking = true
    while (again) {
      again = false
      askAround()
    }
    waking = false
    setAlarm()
  }

  function askAround(): void {
    /** By kind: the callers of whom one was asked in vain. */
    const asked = new Map<string, Set<string | null>>()
    for (let inVain = 0; inVain < MOST_IN_VAIN; ) {
      const waiting = nextToAsk(asked)
      if (!waiting) return
      const { caller, kind } = waiting.waiter
      const until = waiting.waiter.ask()
      if (until === undefined) {
        remove(waiting)
        toTheEnd(caller)
      } else {
        waiting.until = until
        inVain++
        const callers = asked.get(kind)
        if (callers) callers.add(caller)
        else asked.set(kind, new Set([caller]))
      }
    }
  }

  function nextToAsk(asked: ReadonlyMap<string, Set<string | null>>): Waiting | undefined {
    for (const line of lines.values()) {
      const waiting = line.find(({ waiter: { kind, caller } }) => {
        const callers = asked.get(kind)
        return !callers || (callers.size < IN_VAIN && !callers.has(caller))
      })
      if (waiting) return waiting
    }
    return undefined
  }

  function setAlarm(): void {
    const now = clock.now()
    let at = Number.POSITIVE_INFINITY
    for (const line of lines.values()) for (const { until } of line) at = Math.min(at, until)
    at = Math.max(at, now + SHORTEST)
    if (alarm?.at === at) return
    alarm?.stop()
    alarm = undefined
    if (at === Number.POSITIVE_INFINITY) return
    const stop = timers.after(at - now, () => {
      alarm = undefined
      wake()
    })
    alarm = { at, stop }
  }

  return {
    get size() {
      return size
    },
    waits: (kind) => lines.values().some((line) => line.some(({ waiter }) => waiter.kind === kind)),
    enter(waiter, { max, timeout }) {
      if (size >= max) return undefined
      const stop = timers.after(timeout, () => {
        if (!remove(waiting)) return
        waiter.expired()
        wake()
      })
      // It may stand behind others, whose turn tells when.
      const waiting: Waiting = { waiter, until: Number.POSITIVE_INFINITY, stop }
      const line = lines.get(waiter.caller)
      if (line) line.push(waiting)
      else lines.set(waiter.caller, [waiting])
      size++
      changed(1)
      return () => {
        if (remove(waiting)) wake()
      }
    },
    wake,
  }
}

/** The queues of all groups. */
export interface Queues {
  of(group: string): Queue
  /** An attempt has ended somewhere: there may be room. */
  freed(): void
}

/** @param counted told how many wait in all of them, whenever that changes */
export function createQueues(
  clock: Clock,
  timers: Timers,
  counted: (waiting: number) => void = () => {},
): Queues {
  const queues = new Map<string, Queue>()
  let waiting = 0
  function changed(more: 1 | -1): void {
    waiting += more
    counted(waiting)
  }
  return {
    of(group) {
      let queue = queues.get(group)
      if (!queue) {
        queue = createQueue(clock, timers, changed)
        queues.set(group, queue)
      }
      return queue
    },
    freed() {
      if (waiting === 0) return
      for (const queue of queues.values()) if (queue.size > 0) queue.wake()
    },
  }
}

/** What a request waits for: the channels that it may have, as far as its caller has a say in them. */
export function kindOf({ tags, region }: RoutingRequest, pinned: Channel | undefined): string {
  return pinned || tags.length > 0 || region !== undefined
    ? JSON.stringify([pinned?.id, tags, region])
    : ""
}
