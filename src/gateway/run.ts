import type { Clock, Timers } from "../core/clock.ts"
import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Life } from "../core/life.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Group, RoutingRequest } from "../core/routing.ts"
import { chain } from "../routing/chain.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Caller } from "../governance/authenticate.ts"
import { type Due, NEVER_DUE } from "../routing/due.ts"
import { hedgeDelay } from "../routing/hedge.ts"
import { prepareOrder } from "../routing/prepare-order.ts"
import { pursue, type Pursued, type Pursuit } from "../routing/pursue.ts"
import { kindOf } from "../routing/queue.ts"
import type { Resolution } from "../routing/resolve.ts"
import type { Trial } from "../routing/health.ts"
import type { RetryBudget } from "../routing/retry-budget.ts"
import { createWalk, type Step, type Walk, type WalkOptions } from "../routing/walk.ts"
import { type AttemptOptions, attemptOn } from "./attempt-on.ts"
import type { Committed } from "./attempt.ts"
import { costOfInput, recordRest, type UnderWay } from "./attempt-record.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { isContinuable } from "./continuation/continuable.ts"
import { createGoOn } from "./continuation/go-on.ts"
import { firstPart, type Part } from "./continuation/part.ts"
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
  const { clock } = context
  const { group, pinned } = resolution
  const request = routingRequest(exchange, envelope, options.caller, steering, history)
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
  progress.continuable = isContinuable(resolution, exchange, history)
  const attempting = new Attempting(context, options, request, decide)
  pursued = pursue<Committed>(attempting)
  const leave = () => pursued.end(clientGone())
  if (early) pursued.end(early)
  if (exchange.signal.aborted) leave()
  exchange.signal.addEventListener("abort", leave, { once: true })
  const { underWay } = attempting
  try {
    const committed = await pursued.answer
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

/** The attempts of one exchange, as `pursue` asks for them. A class, since every request has one. */
class Attempting implements Pursuit<Committed>, AttemptOptions {
  readonly snapshot: Snapshot
  readonly exchange: Exchange
  readonly envelope: RequestEnvelope
  readonly history: History
  readonly resolution: Resolution
  readonly progress: Progress
  readonly fetchMedia: PrepareOptions["fetchMedia"]
  readonly request: RoutingRequest
  readonly underWay: UnderWay = new Map()
  readonly part?: () => Part
  readonly clock: Clock
  readonly timers: Timers
  readonly budget: RetryBudget
  readonly due: Due
  readonly stream: boolean
  readonly hedgeAfter: Pursuit<Committed>["hedgeAfter"]
  readonly queue: Pursuit<Committed>["queue"]
  readonly #context: GatewayContext
  readonly #decide: WalkOptions
  #walk: Walk | undefined

  constructor(
    context: GatewayContext,
    options: RunOptions,
    request: RoutingRequest,
    decide: WalkOptions,
  ) {
    const { group, pinned } = options.resolution
    this.snapshot = options.snapshot
    this.exchange = options.exchange
    this.envelope = options.envelope
    this.history = options.history
    this.resolution = options.resolution
    this.progress = options.progress
    this.fetchMedia = options.fetchMedia
    this.request = request
    if (options.progress.continuable) this.part = firstPart
    this.clock = context.clock
    this.timers = context.timers
    this.budget = context.budget
    this.due = dueOf(group, options.exchange, options.steering.timeout)
    this.stream = options.envelope.facts.stream
    this.hedgeAfter = pinned ? undefined : hedgeDelay(group.hedge, request)
    this.queue = group.queue && {
      ...group.queue,
      queue: context.queues.of(group.name),
      caller: request.caller,
      kind: kindOf(request, pinned),
    }
    this.#context = context
    this.#decide = decide
  }

  walk(): Walk {
    this.#walk = createWalk(this.#decide)
    this.progress.opened = this.#walk.opened
    return this.#walk
  }

  attempt(step: Step, trial: Trial, life: Life): Promise<Committed> {
    const made = attemptOn(this.#context, this, step, trial, life)
    return this.progress.continuable ? this.#continuable(made, step) : made
  }

  drop(committed: Committed): void {
    drop(this.#context, committed, this.request)
  }

  exhausted({ opened }: Walk): GatewayError {
    return exhausted(this.resolution.group, opened, this.#context.health, this.clock)
  }

  failed({ channel }: Step, error: GatewayError): void {
    this.#context.logger.debug("attempt failed", {
      id: this.exchange.id,
      channel: channel.id,
      error: error.kind,
      message: error.message,
    })
  }

  async #continuable(made: Promise<Committed>, step: Step): Promise<Committed> {
    const committed = await made
    if (committed.kind === "events") {
      const context = this.#context
      const walk = this.#walk!
      committed.goOn = createGoOn({ context, attempting: this, walk, step, due: this.due })
    }
    return committed
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
