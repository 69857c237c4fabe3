import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { Life } from "../core/life.ts"
import type { Timeouts } from "../core/settings.ts"
import type { Deadline, Watchdog } from "../transport/watchdog.ts"
import type { GatewayContext } from "./context.ts"
import type { Limits } from "./flow.ts"

/** Which of the configured limits is counting. */
type Awaited = "firstByte" | "firstContent" | "response" | "stall"

const AWAITED: Record<Awaited, string> = {
  firstByte: "first byte",
  firstContent: "content",
  response: "answer",
  stall: "event with content",
}

/**
 * Counts the time in which an attempt waits for its upstream, and only that: a slow client is no
 * stalled upstream. A class, since each attempt has one.
 */
export class AttemptLimits implements Limits, Deadline {
  at: number
  readonly #clock: Clock
  readonly #watchdog: Watchdog
  readonly #timeouts: Timeouts
  readonly #life: Life
  #awaited: Awaited
  /** Milliseconds of waiting that are left, and since when they run. */
  #left: number
  #since: number
  #waiting: boolean
  /** When a stream must have content: until then nobody else's time counts. */
  #contentBy: number

  /**
   * @param stream whether the answer will stream
   * @param life ended with an error when a limit has passed
   */
  constructor(
    { clock, watchdog }: Pick<GatewayContext, "clock" | "watchdog">,
    timeouts: Timeouts,
    stream: boolean,
    life: Life,
  ) {
    const now = clock.now()
    this.#clock = clock
    this.#watchdog = watchdog
    this.#timeouts = timeouts
    this.#life = life
    this.#awaited = stream ? "firstByte" : "response"
    this.#left = length(timeouts[this.#awaited])
    this.#since = now
    this.#waiting = true
    this.#contentBy = now + (stream ? length(timeouts.firstContent) : Number.POSITIVE_INFINITY)
    this.at = Math.min(now + this.#left, this.#contentBy)
    watchdog.watch(this)
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
    this.#waiting = true
    this.#since = this.#clock.now()
    this.at = Math.min(this.#since + this.#left, this.#contentBy)
  }

  pause(): void {
    this.#waiting = false
    this.#left -= this.#clock.now() - this.#since
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
    if (this.#waiting) this.wait()
  }

  hurry(ms: number): void {
    this.#left = ms
    this.#contentBy = Number.POSITIVE_INFINITY
    this.at = this.#clock.now() + ms
  }

  end(): void {
    this.#watchdog.release(this)
  }
}

function length(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}
