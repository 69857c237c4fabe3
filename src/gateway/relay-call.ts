import { eventsOf, createCollector } from "../canonical/answer.ts"
import { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Capabilities } from "../core/capabilities.ts"
import type { Loss } from "../core/canonical.ts"
import type {
  AnswerContext,
  Decoding,
  Protocol,
  RequestEnvelope,
  StreamRelay,
} from "../core/protocol.ts"
import type { BodyPatch, HeaderRecord } from "../core/provider.ts"
import type { Deployment } from "../core/routing.ts"
import type { Call, CallBody, WholeAnswer } from "./call.ts"
import { createTranslation, decoderOf, usageOf } from "./translation.ts"

const NO_LOSSES = Object.freeze([])
const JSON_TYPE = "application/json"

/** A call in the caller's own protocol: its bytes go through as they are. */
export function createRelayCall(
  exchange: Exchange,
  envelope: RequestEnvelope,
  protocol: Protocol,
  deployment: Deployment,
): Call {
  return new RelayCall(exchange, envelope, protocol, deployment)
}

/** A class, since most attempts make one. */
class RelayCall implements Call {
  readonly protocol: Protocol
  readonly relayed = true
  readonly headers: HeaderRecord | undefined
  readonly losses: readonly Loss[]
  readonly #exchange: Exchange
  readonly #envelope: RequestEnvelope
  readonly #deployment: Deployment
  readonly #capabilities: Capabilities

  constructor(
    exchange: Exchange,
    envelope: RequestEnvelope,
    protocol: Protocol,
    deployment: Deployment,
  ) {
    const capabilities = deployment.capabilities(protocol)
    this.protocol = protocol
    this.headers = relayedHeaders(exchange, protocol)
    this.losses = (capabilities.refuses && envelope.losses?.(capabilities.refuses)) ?? NO_LOSSES
    this.#exchange = exchange
    this.#envelope = envelope
    this.#deployment = deployment
    this.#capabilities = capabilities
  }

  body({ set, remove }: BodyPatch): CallBody {
    const { model } = this.#deployment
    const capabilities = this.#capabilities
    return this.#envelope.rewrite({ model, extraBody: set, remove, capabilities })
  }

  follow(): StreamRelay {
    const { operation, id } = this.#exchange
    return this.protocol.upstream.relayStream(operation, this.#envelope, {
      head: this.#exchange,
      requestId: id,
      capabilities: this.#capabilities,
    })
  }

  whole(body: Uint8Array): WholeAnswer {
    const { upstream } = this.protocol
    const { operation } = this.#exchange
    const { usage } = upstream.inspectAnswer(operation, body)
    const mended = this.#capabilities.unclean ? upstream.mendAnswer?.(operation, body) : undefined
    return { body: mended ?? body, usage }
  }

  replay(body: Uint8Array): StreamRelay {
    this.protocol.upstream.inspectAnswer(this.#exchange.operation, body)
    const { ingress, upstream, decoding, context } = this.#codecs()
    const events = eventsOf(upstream.decodeAnswer(body, decoding))
    return createTranslation(decoderOf(events), ingress.createStream(context), Infinity)
  }

  gather(body: Uint8Array): WholeAnswer {
    const { ingress, upstream, decoding, context } = this.#codecs()
    const decoder = upstream.createDecoder(decoding)
    const collector = createCollector()
    for (const event of [...decoder.push(body), ...decoder.end()]) collector.push(event)
    const answer = collector.answer()
    return {
      body: ingress.encodeAnswer(answer, context),
      contentType: JSON_TYPE,
      usage: answer.usage && usageOf(answer.usage),
    }
  }

  /** The codecs of both halves, for an answer that did not come in the way that was asked for. */
  #codecs() {
    const envelope = this.#envelope
    const { chat: upstream } = this.protocol.upstream
    const { operation, protocol } = this.#exchange
    const { chat: ingress } = protocol.ingress
    if (operation !== "chat" || !upstream || !ingress || !envelope.decode) {
      throw new GatewayError(
        "upstream-invalid",
        envelope.facts.stream
          ? "The upstream answered a streaming request without a stream."
          : "The upstream answered a request with a stream that was not asked for.",
        { code: "upstream_invalid" },
      )
    }
    const decoding: Decoding = {
      family: this.#deployment.family(this.protocol),
      names: new Map(),
      custom: new Set(),
    }
    return { ingress, upstream, decoding, context: answerContext(this.#exchange, envelope) }
  }
}

/** What an answer's encoder knows of the request, of which it keeps nothing. */
export function answerContext(exchange: Exchange, envelope: RequestEnvelope): AnswerContext {
  return {
    requestId: exchange.id,
    head: exchange,
    get request() {
      return envelope.decode!()
    },
    get body() {
      return exchange.body
    },
    model: envelope.facts.model,
    time: exchange.time,
    now: Date.now,
  }
}

function relayedHeaders({ headers }: Exchange, { upstream }: Protocol): HeaderRecord | undefined {
  const { headers: own, relayedHeaders: names } = upstream
  if (!names) return own
  const kept: Record<string, string> = { ...own }
  for (const name of names) {
    const value = headers.get(name)
    if (value !== null) kept[name] = value
  }
  return kept
}
