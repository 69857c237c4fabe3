import { Life, throwIfEnded } from "../core/life.ts"
import { type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { RoutingRequest } from "../core/routing.ts"
import { costToHold } from "../routing/filters/budget.ts"
import type { Trial } from "../routing/health.ts"
import type { Resolution } from "../routing/resolve.ts"
import { attempt, type Committed } from "./attempt.ts"
import {
  costOfWaiting,
  type MadeStep,
  recordAttempt,
  recordFailure,
  type UnderWay,
} from "./attempt-record.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import type { Part } from "./continuation/part.ts"
import { dispose } from "./disposition.ts"
import { explain } from "./explain.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"
import { judge } from "./judge.ts"
import { measuredOf } from "./measure.ts"
import { type PrepareOptions, prepare } from "./prepare.ts"

export interface AttemptOptions {
  snapshot: Snapshot
  exchange: Exchange
  envelope: RequestEnvelope
  history: History
  resolution: Resolution
  progress: Progress
  fetchMedia: PrepareOptions["fetchMedia"]
  request: RoutingRequest
  underWay: UnderWay
  /** Set where another upstream may go on with the answer. */
  part?: () => Part
}

/**
 * One attempt, and once more without opaque state where the upstream refuses that of another one.
 *
 * @param life what ends it
 * @throws GatewayError that names the deployment, after the channel was judged by it
 */
export function attemptOn(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  trial: Trial,
  life: Life,
): Promise<Committed> {
  return attemptOnce(context, options, step, trial, life, false)
}

async function attemptOnce(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  trial: Trial,
  life: Life,
  withoutState: boolean,
): Promise<Committed> {
  const { snapshot, exchange, resolution, progress, request, underWay } = options
  const { channel } = step
  const { deployment } = channel
  const { health, clock, spending } = context
  progress.attempts++
  progress.channel = channel
  const record = recordAttempt(exchange, step, trial)
  progress.attemptsMade.push(record)
  underWay.set(record, trial)
  const hold =
    deployment.provider.budget &&
    spending.hold(deployment.provider, costToHold(request, deployment))
  // Of its own: a failed attempt ends what is left of its answer, and may be made again.
  const own = new Life()
  const stop = () => own.abort(life.signal.reason)
  if (life.signal.aborted) stop()
  life.signal.addEventListener("abort", stop, { once: true })
  try {
    const part = options.part?.()
    const envelope = part ? options.history.whole() : options.history.seenBy(channel)
    const prepared = prepare({
      exchange,
      envelope,
      deployment,
      strict: resolution.group.strict,
      withoutState,
      caller: progress.caller,
      memory: context.memory,
      fetchMedia: options.fetchMedia,
      part,
    })
    const call = prepared instanceof Promise ? await prepared : prepared
    throwIfEnded(own)
    const responseLimit = snapshot.settings.limits.response
    const made = { exchange, envelope, call, trial, life: own, record, hold, responseLimit }
    const committed = await attempt(context, made)
    record.outcome = "ok"
    record.ttft = clock.now() - trial.began
    // A stream proves its deployment only at its end.
    if (committed.kind === "whole") {
      health.succeed(trial, measuredOf(committed, committed.usage, clock))
    } else health.answered(trial)
    return committed
  } catch (thrown) {
    const disposed = dispose(toGatewayError(thrown), deployment.provider, "before")
    const error = explain(disposed, channel)
    // What was ended from outside is written down by who has ended it.
    if (underWay.delete(record)) {
      record.duration = clock.now() - trial.began
      recordFailure(record, error)
      record.wasted = costOfWaiting(error, channel, request)
    }
    hold?.settle(record.wasted || null)
    judge(context, trial, error)
    const refused = error.detail.reason === "state-rejected" && options.envelope.decode
    if (!refused || withoutState) throw error
    return await attemptWithoutState(context, options, step, life, error)
  }
}

/** @param refused why the upstream did not take the request as it was */
async function attemptWithoutState(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  life: Life,
  refused: GatewayError,
): Promise<Committed> {
  try {
    const trial = context.health.begin(step.channel, 0, options.request.stream)
    return await attemptOnce(context, options, step, trial, life, true)
  } catch (again) {
    throw (again as GatewayError).kind === "unsupported" ? refused : again
  }
}
