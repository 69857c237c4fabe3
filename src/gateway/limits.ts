import { GatewayError } from "../core/error.ts"
import type { Life } from "../core/life.ts"
import type { Timeouts } from "../core/settings.ts"
import type { Deadline } from "../transport/watchdog.ts"
import type { GatewayContext } from "./context.ts"
import type { Counted, Limits } from "./flow.ts"

/** Which of the configured limits is counting. */
type Awaited = "firstByte" | "firstContent" | "response" | "stall"

const AWAITED: Record<Awaited, string> = {
  firstByte: "first byte",
  firstContent: "content",
  response: "answer",
  stall: "event with content",
}

type Watching = Pick<GatewayContext, "clock" | "watchdog">

/**
 * Counts the time in which an attempt waits for its upstream, and only that: a slow client is no
 * stalled upstream. A class, since each attempt has one.
 */
export class AttemptLimits implements Limits, Deadline {
  at: number
  place = -1
  readonly #context: Watching
  readonly #timeouts: Timeouts
  readonly #life: Life
  #awaited: Awaited
  /** Milliseconds of waiting that are left, and since when they run: NaN is since the next tick. */
  #left: number
  #since: number
  #waiting: boolean
  /** When a stream must have content: until then nobody else's time counts. */
  #contentBy: number
  /** Counts what makes the limit start anew, and the count that was seen last: each tick looks at it. */
  #counted: Counted | undefined
  #seen = 0

  /**
   * @param stream whether the answer will stream
   * @param life ended with an error when a limit has passed
   * @param now monotonic milliseconds
   */
  constructor(context: Watching, timeouts: Timeouts, stream: boolean, life: Life, now: number) {
    this.#context = context
    this.#timeouts = timeouts
    this.#life = life
    this.#awaited = stream ? "firstByte" : "response"
    this.#left = length(timeouts[this.#awaited])
    this.#since = now
    this.#waiting = true
    this.#contentBy = now + (stream ? length(timeouts.firstContent) : Number.POSITIVE_INFINITY)
    this.at = Math.min(now + this.#left, this.#contentBy)
    context.watchdog.watch(this)
  }

  renew(now: number): boolean {
    this.#lookAtCount()
    if (Number.isNaN(this.#since)) this.#waitFrom(now)
    return this.#due() > now
  }

  expire(): void {
    const which = this.at === this.#contentBy ? "firstContent" : this.#awaited
    this.#life.abort(
      new GatewayError(
        "upstream-timeout",
        `No ${AWAITED[which]} from the upstream within ${this.#timeouts[which]} ms (\`timeouts.${which}\`).`,
        { code: "upstream_timeout" },
      ),
    )
  }

  wait(): void {
    this.#lookAtCount()
    this.#waiting = true
    this.#waitFrom(this.#context.clock.now())
  }

  pause(): void {
    this.#lookAtCount()
    this.#waiting = false
    if (!Number.isNaN(this.#since)) this.#left -= this.#context.clock.now() - this.#since
    this.at = this.#contentBy
  }

  /** The answer has begun. */
  begun(): void {
    this.#contentBy = Number.POSITIVE_INFINITY
    this.at = this.#contentBy
  }

  progress(): void {
    this.#awaited = "stall"
    this.#left = length(this.#timeouts.stall)
    if (!this.#waiting) return
    // The next tick looks at the clock, for all that has come until then.
    this.#since = Number.NaN
    this.at = Number.NEGATIVE_INFINITY
  }

  follow(counted: Counted): void {
    this.#counted = counted
    this.#seen = counted.progress
    if (this.#waiting) this.at = Number.NEGATIVE_INFINITY
  }

  hurry(ms: number): void {
    this.#counted = undefined
    this.#left = ms
    this.#contentBy = Number.POSITIVE_INFINITY
    this.#waitFrom(this.#context.clock.now())
  }

  end(): void {
    this.#context.watchdog.release(this)
  }

  #waitFrom(now: number): void {
    this.#since = now
    this.at = this.#counted ? Number.NEGATIVE_INFINITY : this.#due()
  }

  #due(): number {
    return Math.min(this.#since + this.#left, this.#contentBy)
  }

  #lookAtCount(): void {
    if (!this.#counted || this.#counted.progress === this.#seen) return
    this.#seen = this.#counted.progress
    this.progress()
  }
}

function length(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}
