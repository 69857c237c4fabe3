import { GatewayError } from "../core/error.ts"
import type { Life } from "../core/life.ts"
import type { StreamRelay } from "../core/protocol.ts"
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
import { Flow } from "./flow.ts"
import { readAll } from "./read-all.ts"
import type { AttemptMade } from "./send.ts"

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
  /** When it was: monotonic milliseconds. */
  at: number
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

/**
 * Waits until an answer has really begun; without a promise where all of it is there already.
 *
 * @throws (or rejects with) GatewayError for anything that the next step could do better
 */
export function receive(
  context: GatewayContext,
  made: AttemptMade,
  response: IncomingResponse,
): Committed | Promise<Committed> {
  const { exchange, call, trial, life, limits } = made
  const { status, headers, body } = response
  made.body = body
  // Counting has limits of its own.
  if (exchange.operation !== "count-tokens") {
    const told = call.protocol.upstream.rateLimits?.(headers, context.clock)
    if (told) context.health.tell(trial.channel, told)
  }
  if (status < 200 || status > 299) return refused(made, response)
  limits.progress()
  const { errorMatchers } = trial.channel.deployment.provider
  const beginning = errorMatchers.length > 0 ? matched(context, made) : undefined
  return commit(made, response, new Flow(body, life, limits), beginning)
}

function matched({ logger }: GatewayContext, made: AttemptMade): Beginning | undefined {
  const { channel } = made.trial
  return beginningOf(channel.deployment.provider, logger, () => [
    ...secretsOfChannel(channel),
    ...secretsOf(made.request!, made.signed!),
  ])
}

/** @throws GatewayError: what the upstream said */
async function refused(
  { call, trial, limits, request, signed }: AttemptMade,
  response: IncomingResponse,
): Promise<never> {
  const { status, headers } = response
  limits.hurry(ERROR_BODY_TIME)
  const body = await readAll(response.body, ERROR_BODY)
  const error = call.protocol.upstream.decodeError(status, headers, body)
  const disposed = dispose(error, trial.channel.deployment.provider, "before", { status, body })
  throw withoutSecrets(disposed, secretsOf(request!, signed!))
}

/** What is known of every answer that has begun. */
type Base = Omit<Extract<Committed, { kind: "whole" }>, "kind" | "body" | "usage">

function commit(
  made: AttemptMade,
  response: IncomingResponse,
  flow: Flow,
  beginning: Beginning | undefined,
): Committed | Promise<Committed> {
  const { exchange, envelope, call } = made
  const contentType = response.headers.get("content-type") ?? "application/octet-stream"
  const isJson = isJsonType(contentType)
  const whole = isJson || !call.relayed || call.protocol.upstream.answersJson(exchange.operation)
  if (envelope.facts.stream || !whole) {
    return begin(made, baseOf(made, response.status, contentType), isJson, flow, beginning)
  }
  const body = flow.readAll(made.responseLimit)
  return body instanceof Promise
    ? commitLater(made, response.status, contentType, body, beginning)
    : commitWhole(made, response.status, contentType, body, beginning)
}

/** Nearly all say it in the same way. */
function isJsonType(contentType: string): boolean {
  return contentType === "application/json" || JSON_TYPE.test(contentType)
}

async function commitLater(
  made: AttemptMade,
  status: number,
  contentType: string,
  body: Promise<Uint8Array>,
  beginning: Beginning | undefined,
): Promise<Committed> {
  return commitWhole(made, status, contentType, await body, beginning)
}

function baseOf(
  { trial, life, record, hold, call }: AttemptMade,
  status: number,
  contentType: string,
): Base {
  return { trial, life, record, hold, call, status, contentType, at: Number.NaN }
}

function commitWhole(
  made: AttemptMade,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  beginning: Beginning | undefined,
): Committed {
  const { trial, life, record, hold, call, limits } = made
  beginning?.check(bytes)
  const isStream = !isJsonType(contentType) && EVENT_STREAM.test(contentType)
  const answer = isStream ? call.gather(bytes) : call.whole(unmarked(bytes))
  limits.end()
  const type = answer.contentType ?? contentType
  const { body, usage } = answer
  return {
    kind: "whole",
    trial,
    life,
    record,
    hold,
    call,
    status,
    contentType: type,
    at: Number.NaN,
    body,
    usage,
  }
}

/** Without the mark of byte order that some servers begin JSON with, and parsers may stumble over: RFC 8259 §8.1. */
function unmarked(body: Uint8Array): Uint8Array {
  const isMarked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
  return isMarked ? body.subarray(3) : body
}

/** An answer that goes on while it is sent. */
async function begin(
  made: AttemptMade,
  base: Base,
  isJson: boolean,
  flow: Flow,
  beginning: Beginning | undefined,
): Promise<Committed> {
  const { exchange, envelope, call, limits } = made
  const { stream } = envelope.facts
  if (stream && !isJson) {
    const relay = call.follow()
    const room = KEPT + REPEATED * exchange.body.length
    const head = await readPrelude(flow, relay, room, beginning)
    limits.begun()
    return { ...base, kind: "events", flow, relay, head }
  }
  if (stream) {
    const body = await flow.readAll(made.responseLimit)
    beginning?.check(body)
    const relay = call.replay(unmarked(body))
    const head = await readPrelude(DRY, relay, Number.POSITIVE_INFINITY)
    limits.begun()
    return { ...base, kind: "events", flow, relay, head }
  }
  const first = await flow.read()
  if (!first) throw invalid(`The upstream answered ${base.status} with an empty body.`)
  beginning?.check(first)
  flow.progress()
  limits.begun()
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
    const next = flow.read()
    const chunk = next instanceof Promise ? await next : next
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
