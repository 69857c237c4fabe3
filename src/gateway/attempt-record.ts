import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { Channel, RoutingRequest } from "../core/routing.ts"
import { NO_USAGE } from "../core/usage.ts"
import type { Trial } from "../routing/health.ts"
import type { Step } from "../routing/walk.ts"
import type { UnderWay } from "./under-way.ts"

/** Characters of a message that are kept. */
const LONGEST = 300

/** A step that is made, also one that goes on with an answer. */
export type MadeStep = Pick<Step, "channel"> & Pick<AttemptRecord, "why">

/** What is known of an attempt when it begins. */
export function recordAttempt(exchange: Exchange, step: MadeStep, trial: Trial): AttemptRecord {
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
    cost: null,
  }
}

/** An attempt has failed, or was ended. */
export function recordFailure(record: AttemptRecord, error: GatewayError): void {
  if (error.kind === "client-gone") return
  record.outcome = error.kind
  record.status = error.status
  record.message = error.message.slice(0, LONGEST)
}

/**
 * Ends what is still under way: another attempt has answered, or nobody waits any more. Such an attempt
 * has cost its input at least: nobody says how much, so it is guessed.
 *
 * @param error why, where none has answered
 */
export function recordRest(
  underWay: UnderWay,
  request: RoutingRequest,
  clock: Clock,
  error?: GatewayError,
): void {
  underWay.clear((record, { began, channel }) => {
    record.duration = clock.now() - began
    record.wasted = costOfInput(channel, request)
    if (error) recordFailure(record, error)
  })
}

/** Nano-USD of an attempt that was waited for in vain: its upstream has worked, and nobody says how much. */
export function costOfWaiting(
  { kind, detail }: GatewayError,
  channel: Channel,
  request: RoutingRequest,
): number {
  const ours = kind === "upstream-timeout" && !detail.upstream && detail.code !== "connect_timeout"
  return ours ? costOfInput(channel, request) : 0
}

/** Nano-USD of what an attempt has cost at least, guessed; 0 where that is not known. */
export function costOfInput({ deployment }: Channel, request: RoutingRequest): number {
  return deployment.cost({ ...NO_USAGE, input: request.inputTokens }) ?? 0
}
