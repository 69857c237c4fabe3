import type { Clock } from "../../core/clock.ts"
import type { Deadline, Watchdog } from "../watchdog.ts"
import { Connection, type Home } from "./connection.ts"
import type { RoundTrip } from "./round-trip.ts"
import { openSocket } from "./socket.ts"
import { connectTimedOut } from "../unreachable.ts"

/** Idle connections that are kept for one origin. */
const MOST_IDLE = 1024
/** Seconds for which one is kept: most servers and load balancers keep theirs for 60 or more. */
const IDLE_SECONDS = 55
/**
 * Milliseconds, beside those that opening took, after which a close before any answer is no longer taken for
 * that of a stale connection: one that was closed says so within a round trip.
 */
const STALE_WINDOW = 50

/**
 * The connections to one origin. The one that was used last is used next, so that those which a
 * quieter time does not need grow old and are closed.
 */
export class Pool implements Home {
  readonly #origin: URL
  readonly #clock: Clock
  readonly #watchdog: Watchdog
  readonly #idle: Connection[] = []
  /** Told when there are idle connections, of which the ages have to be counted. */
  readonly #wake: () => void

  constructor(origin: URL, clock: Clock, watchdog: Watchdog, wake: () => void) {
    this.#origin = origin
    this.#clock = clock
    this.#watchdog = watchdog
    this.#wake = wake
  }

  run(trip: RoundTrip): void {
    for (let next = this.#idle.pop(); next; next = this.#idle.pop()) {
      if (next.dead) continue
      next.begin(trip)
      return
    }
    this.#open(trip)
  }

  release(connection: Connection): void {
    if (this.#idle.length >= MOST_IDLE) {
      connection.close()
      return
    }
    connection.idle = 0
    if (this.#idle.push(connection) === 1) this.#wake()
  }

  repeat(trip: RoundTrip): void {
    this.#open(trip)
  }

  mayBeStale(started: number, opening: number): boolean {
    return this.#clock.now() - started < STALE_WINDOW + opening
  }

  /** A second has passed. @returns whether there are still idle connections */
  tick(): boolean {
    const idle = this.#idle
    let kept = 0
    for (const connection of idle) {
      if (!connection.dead && ++connection.idle < limitOf(connection)) idle[kept++] = connection
      else if (!connection.dead) connection.close()
    }
    idle.length = kept
    return kept > 0
  }

  #open(trip: RoundTrip): void {
    const { connectTimeout, url } = trip.request
    const connection = new Connection(this, trip)
    const began = this.#clock.now()
    let deadline: Deadline | undefined
    if (connectTimeout > 0) {
      deadline = {
        at: began + connectTimeout,
        expire: () => connection.giveUp(connectTimedOut(url, connectTimeout)),
      }
      this.#watchdog.watch(deadline)
    }
    connection.onSettled = () => {
      connection.opening = this.#clock.now() - began
      if (deadline) this.#watchdog.release(deadline)
    }
    openSocket(this.#origin, connection)
  }
}

/** A server closes what has been idle for as long as it says: this side must be earlier. */
function limitOf({ idleSeconds }: Connection): number {
  return idleSeconds > 0 ? Math.min(IDLE_SECONDS, idleSeconds - 1) : IDLE_SECONDS
}
