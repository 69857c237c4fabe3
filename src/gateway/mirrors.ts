import { type EndSignal, Life } from "../core/life.ts"
import type { Timers } from "../core/clock.ts"
import { clientGone } from "../core/error.ts"

/** Copies of requests that are under way at once, and bytes of all of them. */
const MOST = 16
const MOST_BYTES = 64 * 1024 * 1024
/** Milliseconds that one may take. */
const LONGEST = 5 * 60 * 1000
/** Milliseconds that they get to end in, since not all of what they wait for can be called off. */
const PATIENCE = 1000

/** The copies of requests that are under way: bounded, and nobody waits for them. */
export interface Mirrors {
  /** How many there are. */
  readonly size: number
  /**
   * Begins one as soon as nothing more urgent is to be done; not at all where too much is under way.
   *
   * @param bytes of the request
   * @param run never rejects; ends soon when its signal is aborted
   */
  begin(bytes: number, run: (signal: EndSignal) => Promise<void>): void
  /** Ends all of them. Resolves when they have, but soon; what begins later does nothing. */
  close(): Promise<void>
}

export function createMirrors(timers: Timers): Mirrors {
  const running = new Map<Life, Promise<void>>()
  let held = 0
  let closed = false
  return {
    get size() {
      return running.size
    },
    begin(bytes, run) {
      if (closed || running.size >= MOST || held + bytes > MOST_BYTES) return
      const life = new Life()
      const { promise, resolve } = Promise.withResolvers<void>()
      held += bytes
      running.set(life, promise)
      let stop: () => void
      const end = () => {
        stop()
        running.delete(life)
        held -= bytes
        resolve()
      }
      stop = timers.after(0, () => {
        life.signal.removeEventListener("abort", end)
        stop = timers.after(LONGEST, () => life.abort(clientGone()))
        void run(life.signal).finally(end)
      })
      // One that has not begun ends at once.
      life.signal.addEventListener("abort", end, { once: true })
    },
    async close() {
      closed = true
      const all = [...running]
      for (const [life] of all) life.abort(clientGone())
      if (all.length === 0) return
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const stop = timers.after(PATIENCE, resolve)
      await Promise.race([late, Promise.all(all.map(([, ended]) => ended))])
      stop()
    },
  }
}
