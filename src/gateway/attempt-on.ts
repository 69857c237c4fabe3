import { GatewayError, toGatewayError } from "../core/error.ts"
import { type Life, throwIfEnded } from "../core/life.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { RoutingRequest } from "../core/routing.ts"
import type { Hold } from "../core/spending.ts"
import { LARGE_BODY, nextTurn } from "../core/turn.ts"
import { costToHold } from "../routing/filters/budget.ts"
import type { Trial } from "../routing/health.ts"
import type { Taker } from "../routing/pursuit.ts"
import { type Committed, receive } from "./attempt.ts"
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
import { type AttemptMade, send } from "./send.ts"
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
 * @param taker told of its answer, or of an error that names the deployment, after the channel was judged by it
 */
export function beginAttempt(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  trial: Trial,
  life: Life,
  taker: Taker<Committed>,
): void {
  void attempt(context, options, step, trial, life, taker, undefined)
}

/** The same for whoever waits for it. @throws (rejects with) that error */
export function attemptOn(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  trial: Trial,
  life: Life,
): Promise<Committed> {
  return new Promise((answered, failed) =>
    beginAttempt(context, options, step, trial, life, { answered, failed }),
  )
}

/** @param refused why the upstream did not take the request with opaque state, of which there is none now */
async function attempt(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  trial: Trial,
  life: Life,
  taker: Taker<Committed>,
  refused: GatewayError | undefined,
): Promise<void> {
  const { asked, request, underWay } = options
  const { snapshot, exchange, progress, history } = asked
  const { channel } = step
  const { deployment } = channel
  const { health, clock, spending } = context
  const record = recordAttempt(exchange, step, trial)
  let hold: Hold | undefined
  let limits: AttemptLimits | undefined
  let made: AttemptMade | undefined
  let committed: Committed
  try {
    progress.attempts++
    progress.channel = channel
    progress.attemptsMade = progress.attempts === 1 ? [record] : [...progress.attemptsMade, record]
    underWay.add(record, trial)
    if (deployment.provider.budget) {
      hold = spending.hold(deployment.provider, costToHold(request, deployment))
    }
    const large = exchange.body.length >= LARGE_BODY
    if (large) await nextTurn()
    throwIfEnded(life)
    const part = options.part?.()
    const envelope = part ? history.whole() : history.seenBy(channel)
    const withoutState = refused !== undefined
    const prepared = prepare(context.memory, asked, envelope, deployment, withoutState, part)
    const call = prepared instanceof Promise ? await prepared : prepared
    throwIfEnded(life)
    // Nothing else has taken time.
    const waited = large || prepared instanceof Promise
    const now = waited ? clock.now() : trial.began
    limits = new AttemptLimits(context, deployment.timeouts, envelope.facts.stream, life, now)
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
    committed = receiving instanceof Promise ? await receiving : receiving
    const at = clock.now()
    committed.at = at
    record.outcome = "ok"
    record.ttft = at - trial.began
    // An answer may go on for minutes, for which nobody asks the upstream again.
    made.request!.body = undefined
    made.signed!.body = undefined
    // A stream proves its deployment only at its end.
    if (committed.kind === "whole") {
      health.succeed(trial, measuredOf(committed, committed.usage, at), at)
    } else health.answered(trial, at)
  } catch (thrown) {
    limits?.end()
    made?.body?.cancel()
    const error = concluded(context, options, trial, record, hold, life, thrown)
    const stateless = error.detail.reason === "state-rejected" && asked.envelope.decode
    if (stateless && !refused) retryWithoutState(context, options, step, life, taker, error)
    else taker.failed(refused && error.kind === "unsupported" ? refused : error)
    return
  }
  taker.answered(committed)
}

/** Never throws: nobody waits for it but the taker. */
function retryWithoutState(
  context: GatewayContext,
  options: AttemptOptions,
  step: MadeStep,
  life: Life,
  taker: Taker<Committed>,
  refused: GatewayError,
): void {
  try {
    const trial = context.health.begin(step.channel, 0, options.request.stream)
    void attempt(context, options, step, trial, life, taker, refused)
  } catch (thrown) {
    taker.failed(toGatewayError(thrown))
  }
}

/** Writes down and judges what a failed attempt says. Never throws. @returns what came of it, for whoever goes on */
function concluded(
  context: GatewayContext,
  { asked: { exchange }, request, underWay }: AttemptOptions,
  trial: Trial,
  record: AttemptRecord,
  hold: Hold | undefined,
  life: Life,
  thrown: unknown,
): GatewayError {
  try {
    const { channel } = trial
    const known = thrown instanceof GatewayError && !exchange.signal.aborted
    const reason = !known && life.aborted ? life.reason : thrown
    const disposed = dispose(toGatewayError(reason), channel.deployment.provider, "before")
    const error = explain(disposed, channel)
    // What was ended from outside is written down by who has ended it.
    if (underWay.delete(record)) {
      record.duration = context.clock.now() - trial.began
      recordFailure(record, error)
      record.wasted = costOfWaiting(error, channel, request)
    }
    hold?.settle(record.wasted || null)
    judge(context, trial, error)
    return error
  } catch (again) {
    return toGatewayError(again)
  }
}
