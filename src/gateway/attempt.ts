import { clientGone, GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Protocol, RequestEnvelope, StreamRelay } from "../core/protocol.ts"
import type { IncomingResponse } from "../core/provider.ts"
import type { Usage } from "../core/usage.ts"
import type { Trial } from "../routing/health.ts"
import type { GatewayContext } from "./context.ts"
import { type Flow, openFlow } from "./flow.ts"
import { startLimits } from "./limits.ts"
import { buildRequest } from "./outgoing.ts"
import { readAll } from "./read-all.ts"

/** Bytes of an upstream's error answer that are read, and the milliseconds that it may take. */
const ERROR_BODY = 256 * 1024
const ERROR_BODY_TIME = 5000
/** Bytes that a stream may send before its first content. */
const PRELUDE = 1024 * 1024

/** An attempt whose answer has begun: from here on there is no other. */
export type Committed = { trial: Trial; status: number; contentType: string } & (
  | { kind: "whole"; body: Uint8Array; usage: Usage | undefined }
  | { kind: "bytes"; flow: Flow; first: Uint8Array }
  | { kind: "events"; flow: Flow; relay: StreamRelay; head: Uint8Array[] }
)

export interface AttemptOptions {
  exchange: Exchange
  envelope: RequestEnvelope
  protocol: Protocol
  trial: Trial
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
  const { exchange, envelope, protocol, trial } = options
  const { deployment } = trial.channel
  const controller = new AbortController()
  const leave = () => controller.abort(clientGone())
  if (exchange.signal.aborted) throw clientGone()
  exchange.signal.addEventListener("abort", leave, { once: true })
  exchange.cut = (error) => controller.abort(error)
  const limits = startLimits(
    context,
    deployment.timeouts,
    envelope.facts.stream,
    (error) => controller.abort(error),
    (cancel) => {
      exchange.signal.removeEventListener("abort", leave)
      if (cancel) controller.abort(clientGone())
    },
  )
  try {
    const request = buildRequest(exchange, envelope, protocol, trial.channel, controller.signal)
    const response = await (deployment.account.send ?? context.send)(request)
    if (response.status < 200 || response.status > 299) {
      limits.hurry(ERROR_BODY_TIME)
      const body = await readAll(response.body, ERROR_BODY)
      throw protocol.upstream.decodeError(response.status, response.headers, body)
    }
    limits.progress()
    const flow = openFlow(response, controller.signal, limits)
    const committed = await commit(options, response, flow)
    if (committed.kind === "whole") limits.end(false)
    return committed
  } catch (thrown) {
    const known = thrown instanceof GatewayError && !exchange.signal.aborted
    const reason = !known && controller.signal.aborted ? controller.signal.reason : thrown
    limits.end(true)
    throw reason
  }
}

async function commit(
  options: AttemptOptions,
  response: IncomingResponse,
  flow: Flow,
): Promise<Committed> {
  const { exchange, envelope, protocol, trial } = options
  const contentType = response.headers.get("content-type") ?? "application/octet-stream"
  const base = { trial, status: response.status, contentType }
  const isJson = /^application\/(.+\+)?json\b/i.test(contentType)
  const { stream } = envelope.facts

  if (stream && !isJson) {
    const relay = protocol.upstream.relayStream(exchange.operation, envelope)
    return { ...base, kind: "events", flow, relay, head: await readPrelude(flow, relay) }
  }
  if (isJson || protocol.upstream.answersJson(exchange.operation)) {
    const body = await flow.readAll(options.responseLimit)
    const { usage } = protocol.upstream.inspectAnswer(exchange.operation, body)
    if (stream) throw invalid("The upstream answered a streaming request without a stream.")
    return { ...base, kind: "whole", body, usage }
  }
  const first = await flow.read()
  if (!first) throw invalid(`The upstream answered ${response.status} with an empty body.`)
  flow.progress()
  return { ...base, kind: "bytes", flow, first }
}

/** Reads until there is content. @returns what came up to there */
async function readPrelude(flow: Flow, relay: StreamRelay): Promise<Uint8Array[]> {
  const head: Uint8Array[] = []
  let size = 0
  while (relay.phase === "prelude") {
    const seen = relay.progress
    const chunk = await flow.read()
    const bytes = chunk ? relay.push(chunk) : relay.end()
    if (bytes) head.push(bytes)
    if (relay.progress !== seen) flow.progress()
    size += chunk?.length ?? 0
    if (size > PRELUDE && relay.phase === "prelude") {
      throw invalid(`The upstream sent ${size} bytes without any content.`)
    }
  }
  if (relay.error) throw relay.error
  return head
}

function invalid(message: string): GatewayError {
  return new GatewayError("upstream-invalid", message, { code: "upstream_invalid" })
}
