import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Channel } from "../core/routing.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Caller } from "../governance/authenticate.ts"
import type { Trial } from "../routing/health.ts"
import type { Resolution } from "../routing/resolve.ts"
import { pursue } from "../routing/pursue.ts"
import { createWalk } from "../routing/walk.ts"
import { routingRequest } from "./routing-request.ts"
import type { Steering } from "./steering.ts"
import { attempt, type Committed } from "./attempt.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { dispose } from "./disposition.ts"
import { explain, OURS } from "./explain.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"
import { canTake, type PrepareOptions, prepare, warningsOf } from "./prepare.ts"

export interface RunOptions {
  snapshot: Snapshot
  exchange: Exchange
  envelope: RequestEnvelope
  /** The same request as a channel has to see it, where it goes on from an earlier answer. */
  history: History
  resolution: Resolution
  caller: Caller
  steering: Steering
  progress: Progress
  /** Replaces URLs that the upstream cannot fetch, each of them fetched once. */
  fetchMedia: PrepareOptions["fetchMedia"]
}

/**
 * Takes attempt after attempt until one commits.
 *
 * @throws GatewayError of the last attempt, or why none could be made
 */
export async function run(context: GatewayContext, options: RunOptions): Promise<Committed> {
  const { snapshot, exchange, envelope, resolution } = options
  const { health, clock, filters, random } = context
  const walk = createWalk({
    resolution,
    table: snapshot.table,
    health,
    clock,
    random,
    filters,
    request: routingRequest(exchange, envelope, options.caller, options.steering),
    refuses: ({ deployment }) =>
      canTake(deployment, exchange, envelope) ? undefined : "does not offer this operation",
  })
  return pursue({
    walk,
    attempt: ({ channel }) => attemptOn(context, options, channel),
    pause: (ms) => pause(ms, exchange),
    exhausted: () => exhausted(resolution.group, walk.opened, health, clock),
    failed({ channel }, error) {
      context.logger.debug("attempt failed", {
        id: exchange.id,
        channel: channel.id,
        error: error.kind,
        message: error.message,
      })
    },
  })
}

/** One attempt, and once more without opaque state where the upstream refuses that of another one. */
async function attemptOn(
  context: GatewayContext,
  options: RunOptions,
  channel: Channel,
): Promise<Committed> {
  try {
    return await attemptOnce(context, options, channel, false)
  } catch (thrown) {
    const error = thrown as GatewayError
    if (error.detail.reason !== "state-rejected" || !options.envelope.decode) throw error
    try {
      return await attemptOnce(context, options, channel, true)
    } catch (again) {
      throw (again as GatewayError).kind === "unsupported" ? error : again
    }
  }
}

/** @throws GatewayError that names the deployment, after the channel was judged by it */
async function attemptOnce(
  context: GatewayContext,
  options: RunOptions,
  channel: Channel,
  withoutState: boolean,
): Promise<Committed> {
  const { snapshot, exchange, resolution, progress } = options
  const { deployment } = channel
  const { health } = context
  progress.attempts++
  progress.channel = channel
  const trial = health.begin(channel)
  try {
    const envelope = options.history.seenBy(channel)
    const call = await prepare({
      exchange,
      envelope,
      deployment,
      strict: resolution.group.strict,
      withoutState,
      caller: progress.caller,
      memory: context.memory,
      fetchMedia: options.fetchMedia,
    })
    const responseLimit = snapshot.settings.limits.response
    const committed = await attempt(context, { exchange, envelope, call, trial, responseLimit })
    progress.relayed = call.relayed
    progress.warnings = warningsOf(call.losses, exchange.protocol.ingress.chat)
    // A stream proves its deployment only at its end.
    if (committed.kind === "whole") health.succeed(trial)
    else health.answered(trial)
    return committed
  } catch (thrown) {
    const disposed = dispose(toGatewayError(thrown), deployment.provider, "before")
    const error = explain(disposed, channel)
    judge(context, trial, error)
    throw error
  }
}

/** What a failed attempt says of its channel. */
export function judge(context: GatewayContext, trial: Trial, error: GatewayError): void {
  const { health } = context
  const { next, breaker, cooldown } = error.rule
  if (OURS.has(error.kind) || error.kind === "unsupported") health.release(trial)
  else if (next === "fail" && !breaker && !cooldown) health.succeed(trial)
  else health.fail(trial, error)
  if (cooldown === "auth") context.rejected(trial.channel)
}

function pause(ms: number, exchange: Exchange): Promise<void> {
  const { signal } = exchange
  return new Promise((resolve, reject) => {
    const give = (error: GatewayError) => {
      clearTimeout(timer)
      reject(error)
    }
    const gone = () => give(clientGone())
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", gone)
      resolve()
    }, ms)
    exchange.cut = give
    if (signal.aborted) gone()
    else signal.addEventListener("abort", gone, { once: true })
  })
}
