import { GatewayError } from "../core/error.ts"
import type { Timeouts } from "../core/settings.ts"
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

/** The limits of one attempt, and how they are extended for an error's body. */
export interface AttemptLimits extends Limits {
  /** The answer has begun. */
  begun(): void
}

/**
 * Counts the time in which an attempt waits for its upstream, and only that: a slow client is no
 * stalled upstream.
 *
 * @param stream whether the answer will stream
 * @param expire called with the error when a limit has passed
 * @param ended called with whether to cancel when the attempt needs no limits any more
 */
export function startLimits(
  { clock, watchdog }: GatewayContext,
  timeouts: Timeouts,
  stream: boolean,
  expire: (error: GatewayError) => void,
  ended: (cancel: boolean) => void,
): AttemptLimits {
  let awaited: Awaited = stream ? "firstByte" : "response"
  /** Milliseconds of waiting that are left, and since when they run. */
  let left = length(timeouts[awaited])
  let since = clock.now()
  let waiting = true
  /** When a stream must have content: until then nobody else's time counts. */
  let contentBy = since + (stream ? length(timeouts.firstContent) : Number.POSITIVE_INFINITY)
  const deadline = watchdog.watch(Math.min(since + left, contentBy), () => {
    const which = deadline.at === contentBy ? "firstContent" : awaited
    expire(
      new GatewayError(
        "upstream-timeout",
        `No ${AWAITED[which]} from the upstream within ${timeouts[which]} ms (\`timeouts.${which}\`).`,
        { code: "upstream_timeout" },
      ),
    )
  })
  function wait(): void {
    waiting = true
    since = clock.now()
    deadline.at = Math.min(since + left, contentBy)
  }
  return {
    wait,
    pause() {
      waiting = false
      left -= clock.now() - since
      deadline.at = contentBy
    },
    begun() {
      contentBy = Number.POSITIVE_INFINITY
      deadline.at = contentBy
    },
    progress() {
      awaited = "stall"
      left = length(timeouts.stall)
      if (waiting) wait()
    },
    hurry(ms) {
      left = ms
      contentBy = Number.POSITIVE_INFINITY
      deadline.at = clock.now() + ms
    },
    end(cancel) {
      watchdog.release(deadline)
      ended(cancel)
    },
  }
}

function length(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}
