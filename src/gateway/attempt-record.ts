import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { RoutingRequest } from "../core/routing.ts"
import { NO_USAGE } from "../core/usage.ts"
import { TOO_LATE } from "../routing/due.ts"
import type { Trial } from "../routing/health.ts"
import { LOST } from "../routing/pursue.ts"
import type { Step } from "../routing/walk.ts"

/** Characters of a message that are kept. */
const LONGEST = 300

/** What is known of an attempt when it begins. */
export function recordAttempt(exchange: Exchange, step: Step, trial: Trial): AttemptRecord {
  return {
    channel: step.channel.id,
    why: step.why,
    began: trial.began - exchange.arrived,
    duration: null,
    ttft: null,
    outcome: "cancelled",
    status: null,
    message: null,
    wasted: 0,
  }
}

/**
 * An attempt has failed, or was ended. One that we gave up although it might have answered has cost
 * its input at least: nobody says how much, so it is guessed.
 */
export function recordFailure(
  record: AttemptRecord,
  error: GatewayError,
  request: RoutingRequest,
  trial: Trial,
  clock: Clock,
): void {
  const { code } = error.detail
  const { deployment } = trial.channel
  record.duration = clock.now() - trial.began
  if (code === LOST || code === TOO_LATE) {
    record.wasted = deployment.cost({ ...NO_USAGE, input: request.inputTokens }) ?? 0
  }
  if (error.kind === "client-gone") return
  record.outcome = error.kind
  record.status = error.status
  record.message = error.message.slice(0, LONGEST)
}
