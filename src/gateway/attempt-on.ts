import { type Life, throwIfEnded } from "../core/life.ts"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { RoutingRequest } from "../core/routing.ts"
import { LARGE_BODY, nextTurn } from "../core/turn.ts"
import { costToHold } from "../routing/filters/budget.ts"
import type { Trial } from "../routing/health.ts"
import { type AttemptMade, type Committed, receive, send } from "./attempt.ts"
import { costOfWaiting, type MadeStep, recordAttempt, recordFailure } from "./attempt-record.ts"
import type { GatewayContext } from "./context.ts"
import type { Part } from "./continuation/part.ts"
import { dispose } from "./disposition.ts"
import { explain } from "./explain.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"
import { judge } from "./judge.ts"
import { AttemptLimits } from "./limits.ts"
import { measuredOf } from "./measure.ts"
import { type PrepareOptions, prepare } from "./prepare.ts"
import type { UnderWay } from "./under-way.ts"

export interface AttemptOptions {
  readonly asked: AttemptedFor
  readonly request: RoutingRequest
  readonly underWay: UnderWay
  /** Set where another upstream may go on with the answer. */
  readonly part?: (() => Part) | undefined
}

/** What an attempt has to know of its exchange. */
export interface AttemptedFor extends PrepareOptions {
  readonly envelope: RequestEnvelope
  readonly history: History
  readonly progress: Progress
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
  const { asked, request, underWay } = options
  const { snapshot, exchange, progress, history } = asked
  const { channel } = step
  const { deployment } = channel
  const { health, clock, spending } = context
  progress.attempts++
  progress.channel = channel
  const record = recordAttempt(exchange, step, trial)
  progress.attemptsMade = progress.attempts === 1 ? [record] : [...progress.attemptsMade, record]
  underWay.add(record, trial)
  const hold =
    deployment.provider.budget &&
    spending.hold(deployment.provider, costToHold(request, deployment))
  let limits: AttemptLimits | undefined
  let made: AttemptMade | undefined
  try {
    if (exchange.body.length >= LARGE_BODY) await nextTurn()
    throwIfEnded(life)
    const part = options.part?.()
    const envelope = part ? history.whole() : history.seenBy(channel)
    const prepared = prepare(context.memory, asked, envelope, deployment, withoutState, part)
    const call = prepared instanceof Promise ? await prepared : prepared
    throwIfEnded(life)
    const { stream } = envelope.facts
    // Nothing but a promise has taken time.
    const now = prepared instanceof Promise ? clock.now() : trial.began
    limits = new AttemptLimits(context, deployment.timeouts, stream, life, now)
    made = {
      exchange,
      envelope,
      call,
      trial,
      life,
      limits,
      record,
      hold,
      responseLimit: snapshot.settings.limits.response,
      request: undefined,
      signed: undefined,
      body: undefined,
    }
    const response = await send(context, made)
    const receiving = receive(context, made, response)
    const committed = receiving instanceof Promise ? await receiving : receiving
    const at = clock.now()
    committed.at = at
    record.outcome = "ok"
    record.ttft = at - trial.began
    // A stream proves its deployment only at its end.
    if (committed.kind === "whole") {
      health.succeed(trial, measuredOf(committed, committed.usage, at), at)
    } else health.answered(trial, at)
    return committed
  } catch (thrown) {
    limits?.end()
    made?.body?.cancel()
    const known = thrown instanceof GatewayError && !exchange.signal.aborted
    const reason = !known && life.aborted ? life.reason : thrown
    const disposed = dispose(toGatewayError(reason), deployment.provider, "before")
    const error = explain(disposed, channel)
    // What was ended from outside is written down by who has ended it.
    if (underWay.delete(record)) {
      record.duration = clock.now() - trial.began
      recordFailure(record, error)
      record.wasted = costOfWaiting(error, channel, request)
    }
    hold?.settle(record.wasted || null)
    judge(context, trial, error)
    const refused = error.detail.reason === "state-rejected" && asked.envelope.decode
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
