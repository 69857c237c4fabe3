import { clientGone, GatewayError } from "../core/error.ts"
import type { IncomingResponse } from "../core/provider.ts"
import type { Protocol, RequestEnvelope, StreamRelay } from "../core/protocol.ts"
import type { Channel } from "../core/routing.ts"
import type { Usage } from "../core/usage.ts"
import type { Deadline } from "../transport/watchdog.ts"
import type { GatewayContext } from "./context.ts"
import { type Flow, openFlow } from "./flow.ts"
import { buildRequest } from "./outgoing.ts"
import { readAll } from "./read-all.ts"
import type { Exchange } from "../core/exchange.ts"

/** Bytes of an upstream's error answer that are read. */
const ERROR_BODY = 256 * 1024
/** Milliseconds that it may take. */
const ERROR_BODY_TIME = 5000

type Waiting = "firstByte" | "response" | "stall"

const AWAITED: Record<Waiting, string> = {
  firstByte: "first byte",
  response: "answer",
  stall: "event with content",
}

/** An attempt whose answer has begun: from here on there is no other. */
export type Committed = { channel: Channel; status: number; contentType: string } & (
  | { kind: "whole"; body: Uint8Array; usage: Usage | undefined }
  | { kind: "bytes"; flow: Flow }
  | { kind: "events"; flow: Flow; relay: StreamRelay; head: Uint8Array[] }
)

export interface AttemptOptions {
  exchange: Exchange
  envelope: RequestEnvelope
  protocol: Protocol
  channel: Channel
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
  const { exchange, envelope, protocol, channel } = options
  const { timeouts, account } = channel.deployment
  const { stream } = envelope.facts
  const controller = new AbortController()
  const leave = () => controller.abort(clientGone())
  if (exchange.signal.aborted) throw clientGone()
  exchange.signal.addEventListener("abort", leave, { once: true })

  let waiting: Waiting = stream ? "firstByte" : "response"
  const deadline: Deadline = context.watchdog.watch(due(timeouts[waiting]), () =>
    controller.abort(tooSlow(waiting, timeouts[waiting])),
  )

  function due(length: number): number {
    return length === 0 ? Number.POSITIVE_INFINITY : context.clock.now() + length
  }
  function progress(): void {
    waiting = "stall"
    deadline.at = due(timeouts.stall)
  }
  function end(cancel: boolean): void {
    context.watchdog.release(deadline)
    exchange.signal.removeEventListener("abort", leave)
    if (cancel) controller.abort(clientGone())
  }

  try {
    const request = buildRequest(exchange, envelope, protocol, channel, controller.signal)
    const response = await (account.send ?? context.send)(request)
    progress()
    if (response.status < 200 || response.status > 299) {
      deadline.at = due(ERROR_BODY_TIME)
      const body = await readAll(response.body, ERROR_BODY)
      throw protocol.upstream.decodeError(response.status, response.headers, body)
    }
    const flow = openFlow(response, controller.signal, { progress, end })
    const committed = await commit(options, response, flow)
    if (committed.kind === "whole") end(false)
    return committed
  } catch (thrown) {
    const reason = controller.signal.aborted ? controller.signal.reason : thrown
    end(true)
    throw reason
  }
}

async function commit(
  options: AttemptOptions,
  response: IncomingResponse,
  flow: Flow,
): Promise<Committed> {
  const { exchange, envelope, protocol, channel } = options
  const contentType = response.headers.get("content-type") ?? "application/octet-stream"
  const base = { channel, status: response.status, contentType }
  const isJson = /^application\/(.+\+)?json\b/i.test(contentType)

  if (envelope.facts.stream && !isJson) {
    const relay = protocol.upstream.relayStream(exchange.operation, envelope)
    const head: Uint8Array[] = []
    while (relay.phase === "prelude") {
      const seen = relay.progress
      const chunk = await flow.read()
      const bytes = chunk ? relay.push(chunk) : relay.end()
      if (bytes) head.push(bytes)
      if (relay.progress !== seen) flow.progress()
    }
    if (relay.error) throw relay.error
    return { ...base, kind: "events", flow, relay, head }
  }

  if (isJson || protocol.upstream.answersJson(exchange.operation)) {
    const body = await flow.readAll(options.responseLimit)
    const { usage } = protocol.upstream.inspectAnswer(exchange.operation, body)
    if (envelope.facts.stream) {
      throw new GatewayError(
        "upstream-invalid",
        "The upstream answered a streaming request without a stream.",
        { code: "upstream_invalid" },
      )
    }
    return { ...base, kind: "whole", body, usage }
  }
  return { ...base, kind: "bytes", flow }
}

function tooSlow(waiting: Waiting, limit: number): GatewayError {
  return new GatewayError(
    "upstream-timeout",
    `No ${AWAITED[waiting]} from the upstream within ${limit} ms (\`timeouts.${waiting}\`).`,
    { code: "upstream_timeout" },
  )
}
