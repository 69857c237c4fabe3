import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Group, RoutingRequest } from "../core/routing.ts"
import { chain } from "../routing/chain.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Caller } from "../governance/authenticate.ts"
import { type Due, NEVER_DUE } from "../routing/due.ts"
import { hedgeDelay } from "../routing/hedge.ts"
import { prepareOrder } from "../routing/prepare-order.ts"
import { pursue, type Pursued } from "../routing/pursue.ts"
import { kindOf } from "../routing/queue.ts"
import type { Resolution } from "../routing/resolve.ts"
import { createWalk, type Walk } from "../routing/walk.ts"
import { type AttemptOptions, attemptOn } from "./attempt-on.ts"
import type { Committed } from "./attempt.ts"
import { costOfInput, recordRest, type UnderWay } from "./attempt-record.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { isContinuable } from "./continuation/continuable.ts"
import { createGoOn } from "./continuation/go-on.ts"
import { firstPart } from "./continuation/part.ts"
import { walkOptions } from "./decide.ts"
import { countNearEdge } from "./near-edge.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"
import { type PrepareOptions, warningsOf } from "./prepare.ts"
import { routingRequest } from "./routing-request.ts"
import type { Steering } from "./steering.ts"

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
  const { snapshot, exchange, envelope, history, resolution, progress, steering } = options
  const { health, clock, timers, budget } = context
  const { group, pinned } = resolution
  const request = routingRequest(exchange, envelope, options.caller, steering, history.whole)
  progress.request = request
  const decide = walkOptions(context, options, request)
  let pursued: Pursued<Committed> | undefined
  let early: GatewayError | undefined
  exchange.cut = (error) => {
    early = error
    pursued?.end(error)
  }
  if (!pinned) {
    const groups = chain(group, snapshot.table)
    const counting = countNearEdge(context, request, groups, () => history.whole().decode?.())
    if (counting) await counting
  }
  const preparing = prepareOrder(decide)
  if (preparing) await preparing
  const underWay: UnderWay = new Map()
  progress.continuable = isContinuable(resolution, exchange, history)
  const attempting: AttemptOptions = { ...options, request, underWay }
  if (progress.continuable) attempting.part = firstPart
  let walk: Walk | undefined
  const due = dueOf(group, exchange, steering.timeout)
  pursued = pursue<Committed>({
    clock,
    timers,
    budget,
    walk() {
      walk = createWalk(decide)
      progress.opened = walk.opened
      return walk
    },
    due,
    stream: envelope.facts.stream,
    hedgeAfter: pinned ? undefined : hedgeDelay(group.hedge, request),
    queue: group.queue && {
      ...group.queue,
      queue: context.queues.of(group.name),
      caller: request.caller,
      kind: kindOf(request, pinned),
    },
    attempt(step, trial, life) {
      const made = attemptOn(context, attempting, step, trial, life)
      if (!progress.continuable) return made
      return made.then((committed) => {
        if (committed.kind === "events") {
          committed.goOn = createGoOn({ context, attempting, walk: walk!, step, due })
        }
        return committed
      })
    },
    drop: (committed) => drop(context, committed, request),
    exhausted: ({ opened }) => exhausted(group, opened, health, clock),
    failed({ channel }, error) {
      context.logger.debug("attempt failed", {
        id: exchange.id,
        channel: channel.id,
        error: error.kind,
        message: error.message,
      })
    },
  })
  const { end, answer } = pursued
  const leave = () => end(clientGone())
  if (early) end(early)
  if (exchange.signal.aborted) leave()
  exchange.signal.addEventListener("abort", leave, { once: true })
  try {
    const committed = await answer
    underWay.delete(committed.record)
    recordRest(underWay, request, clock)
    const { life, trial, call, hold } = committed
    exchange.cut = (error) => life.abort(error)
    progress.channel = trial.channel
    progress.relayed = call.relayed
    progress.warnings = warningsOf(call.losses, exchange.protocol.ingress.chat)
    if (hold) progress.hold = hold
    return committed
  } catch (thrown) {
    recordRest(underWay, request, clock, toGatewayError(thrown))
    throw thrown
  } finally {
    exchange.signal.removeEventListener("abort", leave)
  }
}

/** Ends an answer that has begun when another one had. */
function drop({ health }: GatewayContext, committed: Committed, request: RoutingRequest): void {
  const { record, trial, hold } = committed
  const { channel } = trial
  record.outcome = "cancelled"
  const usage = committed.kind === "whole" ? committed.usage : undefined
  // Unless that was written down already.
  record.wasted ||= (usage ? channel.deployment.cost(usage) : costOfInput(channel, request)) ?? 0
  if (committed.kind !== "whole") {
    committed.flow.cancel()
    health.release(trial)
  }
  hold?.settle(record.wasted || null)
}

/** @param timeout what the caller asked for, in milliseconds */
function dueOf({ total }: Group, { arrived }: Exchange, timeout: number | undefined): Due {
  if (timeout !== undefined && (total === 0 || timeout < total)) {
    return { at: arrived + timeout, ms: timeout, name: "x-llmrouter-timeout", callers: true }
  }
  if (total === 0) return NEVER_DUE
  return { at: arrived + total, ms: total, name: "timeouts.total", callers: false }
}
