import type { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { UsageRow } from "../core/ledger.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { Channel, RoutingRequest } from "../core/routing.ts"
import type { Hold } from "../core/spending.ts"
import type { Usage } from "../core/usage.ts"
import type { Opened } from "../routing/prospects.ts"
import type { GatewayContext } from "./context.ts"
import { type Share, totalOf, unfinishedUsage } from "./continuation/share.ts"
import { clientOf } from "./head-facts.ts"
import { routeText } from "./route-record.ts"

/** What is known of an exchange while it runs, and the one place that ends it. */
export interface Progress {
  caller: string | null
  /** What the program calls itself that asks; undefined before it is let in. */
  client: string | undefined
  requested: string
  /** Id of the request that it copies for a mirror. */
  mirrorOf: string | null
  group: string | null
  stream: boolean
  /** The channel of the latest attempt. */
  channel: Channel | undefined
  attempts: number
  /** Each of them, in the order in which they began. */
  attemptsMade: readonly AttemptRecord[]
  /** The groups that were looked at, with every candidate. */
  opened: readonly Opened[]
  /** What its latest attempt keeps aside of the provider's budget. */
  hold: Hold | undefined
  /** Whether the latest attempt speaks the caller's own protocol. */
  relayed: boolean
  /** What the upstream was not told, for the reply's header. */
  warnings: string
  /** Whether another upstream may go on with the answer. */
  continuable: boolean
  /** What upstreams have used that broke off and were gone on with. */
  earlier: readonly Share[]
  /** What routing sees of it, once it is decided where it goes. */
  request: RoutingRequest | undefined
  /** Monotonic milliseconds of the first content; undefined before. */
  firstContent: number | undefined
}

const NONE: readonly never[] = Object.freeze([])

/** An exchange of which nothing is known yet. */
export function startProgress(): Progress {
  return {
    caller: null,
    client: undefined,
    requested: "",
    mirrorOf: null,
    group: null,
    stream: false,
    channel: undefined,
    attempts: 0,
    attemptsMade: NONE,
    opened: NONE,
    hold: undefined,
    relayed: false,
    warnings: "",
    continuable: false,
    earlier: NONE,
    request: undefined,
    firstContent: undefined,
  }
}

export interface Outcome {
  status: number
  error?: GatewayError | undefined
  usage?: Usage | undefined
  /** Tokens of an answer that broke off or was left, guessed: then `usage` is not all that was used. */
  said?: number | undefined
  /** Monotonic milliseconds; undefined is now. */
  at?: number | undefined
}

/** Ends an exchange exactly once, however often it is called. */
export type Finish = (outcome: Outcome) => void

export function createFinish(
  context: GatewayContext,
  exchange: Exchange,
  progress: Progress,
): Finish {
  let finished = false
  return function finish(outcome) {
    if (finished) return
    finished = true
    // What was wasted, or used by earlier upstreams, was settled by the attempts that did.
    const guess = guessOf(progress, outcome)
    const known = guess ? { ...outcome, usage: guess } : outcome
    const cost = costOf(progress, known)
    progress.hold?.settle(cost)
    const row = usageRow(context, exchange, progress, known, cost)
    if (guess) row.usage = "estimated"
    context.ledger().record(row, routeText(progress.opened, progress.attemptsMade))
    if (row.mirrorOf === null) context.logger.request(row, outcome.error)
    exchange.ended()
  }
}

/** What an answer has used that broke off before its upstream said so, or whose client has left. */
function guessOf({ request }: Progress, { usage, said }: Outcome): Usage | undefined {
  if (said === undefined || request?.operation !== "chat") return undefined
  return unfinishedUsage(usage, said, request.inputTokens)
}

/** Nano-USD of the last attempt; null is unpriced, or not known. */
function costOf({ channel }: Progress, { usage }: Outcome): number | null {
  return usage && channel ? channel.deployment.cost(usage) : null
}

function usageRow(
  { clock }: GatewayContext,
  exchange: Exchange,
  progress: Progress,
  { status, error, usage, at }: Outcome,
  own: number | null,
): UsageRow {
  const { channel, attemptsMade, earlier } = progress
  const used = totalOf(earlier, usage, own)
  const { cost } = used
  let wasted = 0
  for (const attempt of attemptsMade) wasted += attempt.wasted
  return {
    id: exchange.id,
    time: exchange.time,
    key: progress.caller,
    operation: exchange.operation,
    requested: progress.requested.slice(0, 200),
    group: progress.group,
    deployment: channel?.deployment.id ?? null,
    channel: channel?.id ?? null,
    status,
    error: error?.kind ?? null,
    stream: progress.stream,
    attempts: progress.attempts,
    ttft:
      progress.firstContent === undefined ? null : round(progress.firstContent - exchange.arrived),
    duration: round((at ?? clock.now()) - exchange.arrived),
    input: used.input,
    output: used.output,
    cacheRead: used.cacheRead,
    cacheWrite: used.cacheWrite,
    reasoning: used.reasoning,
    usage: used.usage,
    cost: cost === null && wasted === 0 ? null : (cost ?? 0) + wasted,
    wasted,
    continued: earlier.length,
    mirrorOf: progress.mirrorOf,
    // The ledger is given it in its parts.
    route: null,
    client: progress.client ?? clientOf(exchange.headers),
  }
}

/** Milliseconds to the microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
