import type { Life } from "../core/life.ts"
import { clientGone, GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope, StreamRelay } from "../core/protocol.ts"
import type { IncomingResponse } from "../core/provider.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { Hold } from "../core/spending.ts"
import type { Usage } from "../core/usage.ts"
import type { Trial } from "../routing/health.ts"
import type { Call } from "./call.ts"
import type { GatewayContext } from "./context.ts"
import { dispose } from "./disposition.ts"
import { type Beginning, beginningOf } from "./error-matchers.ts"
import { secretsOf, secretsOfChannel, withoutSecrets } from "./explain.ts"
import { type Flow, openFlow } from "./flow.ts"
import { startLimits } from "./limits.ts"
import { buildRequest } from "./outgoing.ts"
import { readAll } from "./read-all.ts"

/** Bytes of an upstream's error answer that are read, and the milliseconds that it may take. */
const ERROR_BODY = 256 * 1024
const ERROR_BODY_TIME = 5000
const JSON_TYPE = /^application\/(.+\+)?json\b/i
/** How a stream is marked that was not asked for. */
const EVENT_STREAM = /^(text\/event-stream|application\/x-ndjson|application\/vnd\.amazon)/i
/** Bytes that a stream may send before its first content: one event may be a whole image. */
const PRELUDE = 64 * 1024 * 1024
/** Bytes of them that are kept to be sent on, beside what repeats the request, which some do twice. */
const KEPT = 1024 * 1024
const REPEATED = 4

/** An attempt whose answer has begun: from here on there is no other. */
export type Committed = {
  trial: Trial
  /** Ends it. */
  life: Life
  record: AttemptRecord
  /** What is kept aside for it of its provider's budget. */
  hold: Hold | undefined
  call: Call
  status: number
  contentType: string
} & (
  | { kind: "whole"; body: Uint8Array; usage: Usage | undefined }
  | { kind: "bytes"; flow: Flow; first: Uint8Array }
  | {
      kind: "events"
      flow: Flow
      relay: StreamRelay
      head: Uint8Array[]
      /** Who goes on with it when it breaks off. */
      goOn?: GoOn
    }
)

export type Events = Extract<Committed, { kind: "events" }>

/** Finds upstreams that go on with an answer. */
export interface GoOn {
  /**
   * The next upstream, when it has begun. Never throws.
   *
   * @param error why the one before broke off; its channel was judged by it already
   * @returns undefined when there is none: then the answer ends with the error
   */
  next(broken: Events, error: GatewayError): Promise<Events | undefined>
  /** The client has left. */
  cancel(): void
}

export interface AttemptOptions {
  exchange: Exchange
  envelope: RequestEnvelope
  call: Call
  trial: Trial
  /** Ends the attempt, also after its answer has begun. */
  life: Life
  record: AttemptRecord
  hold: Hold | undefined
  /** Bytes of an answer that is held in memory. */
  responseLimit: number
}

/**
 * Sends one request to one channel and waits until its answer has really begun.
 *
 * @throws GatewayError for anything that the next step could do better
 */
export async function attempt(
  context: GatewayContext,
  options: AttemptOptions,
): Promise<Committed> {
  const { exchange, envelope, call, trial, life } = options
  const { deployment, key } = trial.channel
  const { account } = deployment
  const leave = () => life.abort(clientGone())
  if (exchange.signal.aborted) throw clientGone()
  exchange.signal.addEventListener("abort", leave, { once: true })
  const limits = startLimits(
    context,
    deployment.timeouts,
    envelope.facts.stream,
    (error) => life.abort(error),
    (cancel) => {
      exchange.signal.removeEventListener("abort", leave)
      if (cancel) life.abort(clientGone())
    },
  )
  try {
    const { signal } = life
    const { target, request } = buildRequest(exchange, envelope, call, trial.channel, signal)
    const signed = account.sign ? await account.sign(request, key) : request
    const answered = await (account.send ?? context.send)(signed)
    const response = account.receive?.(target, answered) ?? answered
    // Counting has limits of its own.
    if (exchange.operation !== "count-tokens") {
      const told = call.protocol.upstream.rateLimits?.(response.headers, context.clock)
      if (told) context.health.tell(trial.channel, told)
    }
    if (response.status < 200 || response.status > 299) {
      limits.hurry(ERROR_BODY_TIME)
      const body = await readAll(response.body, ERROR_BODY)
      const error = call.protocol.upstream.decodeError(response.status, response.headers, body)
      const answer = { status: response.status, body }
      const disposed = dispose(error, deployment.provider, "before", answer)
      throw withoutSecrets(disposed, secretsOf(request, signed))
    }
    limits.progress()
    const flow = openFlow(response, life.signal, limits)
    const beginning = beginningOf(deployment.provider, context.logger, () => [
      ...secretsOfChannel(trial.channel),
      ...secretsOf(request, signed),
    ])
    const committing = commit(options, response, flow, beginning)
    const committed = committing instanceof Promise ? await committing : committing
    if (committed.kind === "whole") limits.end(false)
    else limits.begun()
    return committed
  } catch (thrown) {
    const known = thrown instanceof GatewayError && !exchange.signal.aborted
    const reason = !known && life.signal.aborted ? life.signal.reason : thrown
    limits.end(true)
    throw reason
  }
}

/** What is known of every answer that has begun. */
type Base = Omit<Extract<Committed, { kind: "whole" }>, "kind" | "body" | "usage">

/** Waits until the answer has really begun; without a promise where all of it is there already. */
function commit(
  options: AttemptOptions,
  response: IncomingResponse,
  flow: Flow,
  beginning: Beginning | undefined,
): Committed | Promise<Committed> {
  const { exchange, envelope, call, trial, life, record, hold } = options
  const contentType = response.headers.get("content-type") ?? "application/octet-stream"
  const base: Base = { trial, life, record, hold, call, status: response.status, contentType }
  const isJson = JSON_TYPE.test(contentType)
  const whole = isJson || !call.relayed || call.protocol.upstream.answersJson(exchange.operation)
  if (envelope.facts.stream || !whole) return begin(options, base, isJson, flow, beginning)
  const body = flow.readAll(options.responseLimit)
  return body instanceof Promise
    ? body.then((bytes) => commitWhole(call, base, bytes, beginning))
    : commitWhole(call, base, body, beginning)
}

function commitWhole(
  call: Call,
  base: Base,
  body: Uint8Array,
  beginning: Beginning | undefined,
): Committed {
  beginning?.check(body)
  const streamed = EVENT_STREAM.test(base.contentType)
  return { ...base, kind: "whole", ...(streamed ? call.gather(body) : call.whole(body)) }
}

/** An answer that goes on while it is sent. */
async function begin(
  options: AttemptOptions,
  base: Base,
  isJson: boolean,
  flow: Flow,
  beginning: Beginning | undefined,
): Promise<Committed> {
  const { exchange, envelope, call } = options
  const { stream } = envelope.facts
  if (stream && !isJson) {
    const relay = call.follow()
    const room = KEPT + REPEATED * exchange.body.length
    const head = await readPrelude(flow, relay, room, beginning)
    return { ...base, kind: "events", flow, relay, head }
  }
  if (stream) {
    const body = await flow.readAll(options.responseLimit)
    beginning?.check(body)
    const relay = call.replay(body)
    const head = await readPrelude(DRY, relay, Number.POSITIVE_INFINITY)
    return { ...base, kind: "events", flow, relay, head }
  }
  const first = await flow.read()
  if (!first) throw invalid(`The upstream answered ${base.status} with an empty body.`)
  beginning?.check(first)
  flow.progress()
  return { ...base, kind: "bytes", flow, first }
}

/** A flow that has ended. */
const DRY: Pick<Flow, "read" | "progress"> = { read: async () => undefined, progress() {} }

/**
 * Reads until there is content.
 *
 * @param room bytes that may be kept until then
 * @returns what came up to there
 */
async function readPrelude(
  flow: Pick<Flow, "read" | "progress">,
  relay: StreamRelay,
  room: number,
  beginning?: Beginning,
): Promise<Uint8Array[]> {
  const head: Uint8Array[] = []
  let size = 0
  let kept = 0
  while (relay.phase === "prelude") {
    const seen = relay.progress
    const chunk = await flow.read()
    if (chunk) beginning?.take(chunk)
    const bytes = chunk ? relay.push(chunk) : relay.end()
    if (bytes) head.push(bytes)
    if (relay.progress !== seen) flow.progress()
    size += chunk?.length ?? 0
    kept += bytes?.length ?? 0
    if ((size > PRELUDE || kept > room) && relay.phase === "prelude") {
      throw invalid(`The upstream sent ${size} bytes without any content.`)
    }
  }
  beginning?.check()
  if (relay.error) throw relay.error
  return head
}

function invalid(message: string): GatewayError {
  return new GatewayError("upstream-invalid", message, { code: "upstream_invalid" })
}
