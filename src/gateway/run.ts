import type { Clock, Timers } from "../core/clock.ts"
import { clientGone, type GatewayError } from "../core/error.ts"
import { type Exchange, NO_BODY, type Work } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Channel, Group, RoutingRequest } from "../core/routing.ts"
import { chain } from "../routing/chain.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Caller } from "../governance/authenticate.ts"
import { type Due, NEVER_DUE } from "../routing/due.ts"
import { hedgeDelay } from "../routing/hedge.ts"
import { prepareOrder } from "../routing/prepare-order.ts"
import { pursue } from "../routing/pursue.ts"
import type { Pursued, Pursuit, Run } from "../routing/pursuit.ts"
import { kindOf } from "../routing/queue.ts"
import type { Resolution, RouteTable } from "../routing/resolve.ts"
import type { Filter } from "../routing/filters/filter.ts"
import type { Health, Trial } from "../routing/health.ts"
import type { RetryBudget } from "../routing/retry-budget.ts"
import { createWalk, type Step, type Walk, type WalkOptions } from "../routing/walk.ts"
import { type AttemptOptions, beginAttempt } from "./attempt-on.ts"
import type { Committed } from "./attempt.ts"
import { costOfInput, recordRest } from "./attempt-record.ts"
import type { GatewayContext } from "./context.ts"
import { isContinuable } from "./continuation/continuable.ts"
import { createGoOn } from "./continuation/go-on.ts"
import { firstPart, type Part } from "./continuation/part.ts"
import { countNearEdge } from "./near-edge.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"
import { canTake, type PrepareOptions, warningsOf } from "./prepare.ts"
import { type GuessedRequest, routingRequest } from "./routing-request.ts"
import type { Steering } from "./steering.ts"
import { UnderWay } from "./under-way.ts"

/** Bytes of a request that is let go of when its answer is streamed. A prompt of an agent has many times as many. */
const MUCH = 16 * 1024

/** One exchange, with all that its attempts need to know of it. */
export interface Asked extends PrepareOptions {
  readonly envelope: RequestEnvelope
  /** The same request as a channel has to see it, where it goes on from an earlier answer. */
  readonly history: History
  readonly caller: Caller
  readonly steering: Steering
  readonly progress: Progress
}

/**
 * Takes attempt after attempt until one commits.
 *
 * @returns rejects with a GatewayError of the last attempt, or why none could be made
 */
export function run(context: GatewayContext, asked: Asked): Promise<Committed> {
  const { snapshot, exchange, history, resolution } = asked
  const { group, pinned } = resolution
  const attempting = new Attempting(context, asked)
  exchange.work = attempting
  const { request } = attempting
  let counting: Promise<void> | undefined
  if (!pinned) {
    const groups = chain(group, snapshot.table)
    counting = countNearEdge(context, request, groups, history)
  }
  if (counting) return attempting.beginAfter(counting)
  const preparing = prepareOrder(attempting)
  return preparing ? attempting.beginAfter(preparing) : attempting.begin()
}

/**
 * The attempts of one exchange: what they are decided by, what `pursue` asks for, and how they end. A
 * class, since every request has one.
 */
export class Attempting implements Pursuit<Committed>, AttemptOptions, WalkOptions, Work {
  readonly asked: Asked
  readonly request: GuessedRequest
  readonly underWay = new UnderWay()
  readonly part: (() => Part) | undefined
  readonly due: Due
  readonly hedgeAfter: Pursuit<Committed>["hedgeAfter"]
  readonly queue: Pursuit<Committed>["queue"]
  readonly #context: GatewayContext
  #walk: Walk | undefined
  #pursued: Pursued<Committed> | undefined
  #committed: Committed | undefined
  /** What has ended it before it began. */
  #early: GatewayError | undefined

  constructor(context: GatewayContext, asked: Asked) {
    const { exchange, envelope, history, resolution, steering, progress } = asked
    const { group, pinned } = resolution
    const request = routingRequest(exchange, envelope, asked.caller, steering, history)
    progress.request = request
    this.asked = asked
    this.request = request
    this.due = dueOf(group, exchange, steering.timeout)
    this.hedgeAfter = pinned ? undefined : hedgeDelay(group.hedge, request)
    this.queue = group.queue && {
      ...group.queue,
      queue: context.queues.of(group.name),
      caller: request.caller,
      kind: kindOf(request, pinned),
    }
    this.#context = context
    progress.continuable = isContinuable(resolution, exchange, history)
    this.part = progress.continuable ? firstPart : undefined
  }

  get resolution(): Resolution {
    return this.asked.resolution
  }

  get table(): RouteTable {
    return this.asked.snapshot.table
  }

  get stream(): boolean {
    return this.request.stream
  }

  get health(): Health {
    return this.#context.health
  }

  get filters(): readonly Filter[] {
    return this.#context.filters
  }

  get random(): () => number {
    return this.#context.random
  }

  get clock(): Clock {
    return this.#context.clock
  }

  get timers(): Timers {
    return this.#context.timers
  }

  get budget(): RetryBudget {
    return this.#context.budget
  }

  /** Begins with the first attempt. */
  begin(): Promise<Committed> {
    const { exchange } = this.asked
    exchange.signal.addEventListener("abort", this, { once: true })
    this.#pursued = pursue<Committed>(this)
    if (this.#early) this.#pursued.end(this.#early)
    if (exchange.signal.aborted) this.handleEvent()
    return this.#pursued.answer
  }

  /** The same, when this has been waited for, and then what strategies have to ask. */
  async beginAfter(waiting: Promise<void>): Promise<Committed> {
    await waiting
    await prepareOrder(this)
    return this.begin()
  }

  /** What ends all of it, for as long as the answer is made. */
  cut(error: GatewayError): void {
    if (this.#committed) this.#committed.life.abort(error)
    else if (this.#pursued) this.#pursued.end(error)
    else this.#early = error
  }

  /** The client has left. */
  handleEvent(): void {
    this.#pursued?.end(clientGone())
  }

  walk(): Walk {
    this.#walk = createWalk(this)
    this.asked.progress.opened = this.#walk.opened
    return this.#walk
  }

  refuses({ deployment }: Channel): string | undefined {
    const { exchange, envelope } = this.asked
    return canTake(deployment, exchange, envelope) ? undefined : "does not offer this operation"
  }

  attempt(step: Step, trial: Trial, run: Run<Committed>): void {
    beginAttempt(this.#context, this, step, trial, run, run)
  }

  drop(committed: Committed): void {
    drop(this.#context, committed, this.request)
  }

  exhausted({ opened }: Walk): GatewayError {
    return exhausted(this.resolution.group, opened, this.health, this.clock)
  }

  failed({ channel }: Step, error: GatewayError): void {
    this.#context.logger.debug("attempt failed", {
      id: this.asked.exchange.id,
      channel: channel.id,
      error: error.kind,
      message: error.message,
    })
  }

  answered(committed: Committed, step: Step): void {
    const { exchange, progress } = this.asked
    if (this.part && committed.kind === "events") {
      const context = this.#context
      const walk = this.#walk!
      committed.goOn = createGoOn({ context, attempting: this, walk, step, due: this.due })
    }
    const { trial, call, hold } = committed
    this.#committed = committed
    this.underWay.delete(committed.record)
    const alone = this.underWay.size === 0
    if (!alone) recordRest(this.underWay, this.request, this.clock)
    progress.channel = trial.channel
    progress.relayed = call.relayed
    if (call.losses.length > 0) {
      progress.warnings = warningsOf(call.losses, exchange.protocol.ingress.chat)
    }
    if (hold) progress.hold = hold
    exchange.signal.removeEventListener("abort", this)
    // Others that are ended may not have noticed yet.
    if (alone && committed.kind !== "whole" && exchange.body.length >= MUCH) this.#forget()
  }

  /** Lets go of the request, unless somebody is to see it again: a stream may go on for minutes. */
  #forget(): void {
    const { asked, request } = this
    const { exchange, envelope, resolution, progress } = asked
    const { facts } = envelope
    if (progress.continuable || resolution.group.mirror || facts.keep || facts.previous) return
    request.settle()
    exchange.body = NO_BODY
    envelope.forget?.()
    // Files that were fetched for it are known to whoever would end the fetching.
    asked.fetchMedia = undefined
    exchange.work = this
  }

  ended(error: GatewayError): void {
    recordRest(this.underWay, this.request, this.clock, error)
    this.asked.exchange.signal.removeEventListener("abort", this)
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
