import type { Clock } from "../../core/clock.ts"
import type { UsageRow } from "../../core/ledger.ts"
import { joinRoute, type RouteText } from "../../core/route-text.ts"
import type { Logger } from "../../core/log.ts"
import type { Journal } from "./journal.ts"
import type { WorkerResult } from "./messages.ts"
import { createHealthLog } from "./health-log.ts"
import { messageOf } from "./failure.ts"
import { rowLine } from "./row-line.ts"
import type { Writer } from "./writer.ts"

/** Milliseconds that rows wait so that one transaction takes many. */
const BATCH_MS = 250
/** Characters in the journal that are worth a transaction at once. */
const BATCH_LENGTH = 2_097_152
/** First and longest pause before the database is tried again, in milliseconds. */
const RETRY_MS = 100
const MAX_RETRY_MS = 2000
/** Milliseconds that closing waits for a database that cannot be written to. */
const CLOSE_MS = 3000
/** Rows that wait in memory while the journal cannot take them. */
export const MAX_UNJOURNALED = 10_000
/** Rows in memory that are sent to the writer at once. */
const TEXTS = 1000

export interface WriteBehindParts {
  path: string
  logger: Logger
  clock: Clock
  writer: Writer
  journal: Journal
}

/** Lines on their way to the database: safe from `kill -9` when `write` returns, stored soon after. */
export interface WriteBehind {
  /**
   * Makes the journal known to a writer that is another process.
   * @param opened how opening the database went, where it is this one
   */
  start(opened: WorkerResult | undefined): Promise<void>
  /**
   * Never blocks and never throws.
   * @param line with its newline
   * @returns what `stored` is at least once the line is in the database; undefined when it is not in the journal
   */
  write(line: string): number | undefined
  /** The same with a row, which waits in memory when the journal cannot take it. */
  record(row: UsageRow, route: RouteText | undefined): void
  /** Characters of the journal that are in the database. */
  readonly stored: number
  readonly closed: boolean
  /** Resolves when everything written so far is in the database, by all processes that share it. */
  flush(): Promise<void>
  /** The same, with what processes left that have died. */
  adopt(): Promise<void>
  close(): Promise<void>
}

interface Waiter {
  /** What must be stored: so many characters of the journal, and rows in memory. */
  readonly length: number
  readonly rows: number
  /** How many answers of the writer there were: those of before do not count. */
  readonly round: number
  readonly resolve: () => void
}

/** Joins the journal, which makes rows safe at once, with the writer, which stores them in batches. */
export function createWriteBehind(parts: WriteBehindParts): WriteBehind {
  const { path, logger, clock, writer, journal } = parts
  const health = createHealthLog(path, logger)
  /** Lines that the journal could not take. */
  const memory: string[] = []
  let waiters: Waiter[] = []
  /** Totals since the start. */
  const written = { length: 0, rows: 0 }
  const stored = { length: 0, rows: 0 }
  /** Rounds that began, and the last one that found everything stored. */
  let rounds = 0
  let finished = 0
  /** Whether journals of dead processes are still to be taken up. */
  let adopts = false
  /** Whether the last round left something, in whosever journal. */
  let more = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = 0
  let busy = false
  let closed = false

  const pending = () => written.length > stored.length || memory.length > 0
  const isMuch = () => written.length - stored.length >= BATCH_LENGTH

  function settle(): void {
    const done = (waiter: Waiter) =>
      waiter.length <= stored.length && waiter.rows <= stored.rows && waiter.round < finished
    const ready = waiters.filter(done)
    if (ready.length === 0) return
    waiters = waiters.filter((waiter) => !done(waiter))
    for (const { resolve } of ready) resolve()
  }

  /** Asks once. Returns whether it went well. */
  async function round(): Promise<boolean> {
    const mark = written.length
    const begun = ++rounds
    const adopt = adopts
    // Who asks for it from now on means the next round.
    adopts = false
    const now = clock.wall()
    const result = await writer.call({ task: "store", path, now, journal: journal.id, adopt })
    health.note(result)
    more = result.ok && !result.done
    if (!result.ok || more) adopts ||= adopt
    if (!result.ok) return false
    // Lines in memory may be older: then all is stored only with the next round.
    if (result.done && !salvage() && memory.length === 0) {
      stored.length = Math.max(stored.length, mark)
      finished = begun
    }
    journal.trim()
    return memory.length === 0 || storeMemory()
  }

  /** Keeps what was in files that somebody has deleted. Returns whether there was any. */
  function salvage(): boolean {
    const lines = journal.salvage()
    for (const line of lines) memory.push(line)
    written.rows += lines.length
    if (lines.length > 0) waiters = waiters.map((waiter) => ({ ...waiter, rows: written.rows }))
    return lines.length > 0
  }

  async function storeMemory(): Promise<boolean> {
    const texts = memory.slice(0, TEXTS)
    const result = await writer.call({ task: "texts", path, now: clock.wall(), texts })
    health.note(result)
    if (!result.ok) return false
    memory.splice(0, texts.length)
    stored.rows += texts.length
    return true
  }

  /** Stores until little is left, or until it fails; then it comes back by a timer. */
  async function pump(): Promise<void> {
    if (busy || closed) return
    busy = true
    clearTimeout(timer)
    timer = undefined
    do {
      if (!(await round())) {
        pause = Math.min(MAX_RETRY_MS, pause * 2 || RETRY_MS)
        break
      }
      pause = 0
      settle()
    } while (!closed && (more || waiters.length > 0 || isMuch()))
    busy = false
    if (pending() || pause > 0 || waiters.length > 0)
      schedule(pause || (waiters.length > 0 ? 0 : BATCH_MS))
  }

  function schedule(delay: number): void {
    if (timer || busy || closed) return
    timer = setTimeout(() => {
      timer = undefined
      void pump()
    }, delay)
    // Only who waits for the rows holds the process: the journal has them anyway.
    if (waiters.length === 0) timer.unref()
  }

  function noteWritten(length: number): void {
    health.journalWorks()
    written.length += length
    if (pause === 0 && isMuch()) void pump()
    else if (!timer) schedule(pause || BATCH_MS)
  }

  function keepInMemory(row: UsageRow, route: RouteText | undefined, thrown: unknown): void {
    const dropped = memory.length >= MAX_UNJOURNALED
    if (!dropped) {
      memory.push(rowLine(route ? { ...row, route: joinRoute(route) } : row))
      written.rows++
    }
    health.journalFails(messageOf(thrown), dropped)
    schedule(pause || BATCH_MS)
  }

  function flush(): Promise<void> {
    const idle = !pending() && !busy && !adopts && !writer.shared
    if (closed || idle) return Promise.resolve()
    return new Promise((resolve) => {
      waiters.push({ ...written, round: rounds, resolve })
      timer?.ref()
      // While the database fails, the retry timer decides; else there is no reason to wait.
      if (pause === 0) void pump()
    })
  }

  return {
    async start(opened) {
      // One that cannot be reached now hears of it later.
      if (!opened) return within(CLOSE_MS, pump())
      health.note(opened)
      if (opened.ok) return
      adopts = true
      schedule(RETRY_MS)
    },
    write(line) {
      try {
        journal.append(line)
      } catch (thrown) {
        health.journalFails(messageOf(thrown), false)
        schedule(pause || BATCH_MS)
        return undefined
      }
      noteWritten(line.length)
      return written.length
    },
    record(row, route) {
      let length: number
      try {
        length = journal.appendRow(row, route)
      } catch (thrown) {
        keepInMemory(row, route, thrown)
        return
      }
      noteWritten(length)
    },
    get stored() {
      return stored.length
    },
    get closed() {
      return closed
    },
    flush,
    adopt() {
      adopts = true
      return flush()
    },
    async close() {
      if (closed) return
      // What comes while the last rows are stored is stored too.
      await within(
        CLOSE_MS,
        (async () => {
          while (pending() && !closed) await flush()
        })(),
      )
      closed = true
      clearTimeout(timer)
      if (pending()) health.unfinished(memory.length)
      await within(CLOSE_MS / 4, writer.end())
      journal.close()
      for (const { resolve } of waiters) resolve()
    },
  }
}

/** Resolves with the work, or after the milliseconds when it takes longer. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const deadline = setTimeout(resolve, ms)
  await Promise.race([work, late])
  clearTimeout(deadline)
}
