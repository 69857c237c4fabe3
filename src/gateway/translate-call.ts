import { createCollector, eventsOf } from "../canonical/answer.ts"
import { unsupported } from "../canonical/losses.ts"
import { tokenCount } from "../canonical/tokens.ts"
import type { CanonicalAnswer, CanonicalEvent, CanonicalRequest } from "../core/canonical.ts"
import { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type {
  ChatEncoder,
  EncodedRequest,
  Protocol,
  RequestEnvelope,
  Target,
} from "../core/protocol.ts"
import { asBuffer } from "../transport/json-scan.ts"
import { spliceObject } from "../transport/json-splice.ts"
import type { Call, CallBody, WholeAnswer } from "./call.ts"
import type { Part } from "./continuation/part.ts"
import { answerContext } from "./relay-call.ts"
import { followWhole } from "./state-memory.ts"
import { createTranslation, decoderOf, usageOf } from "./translation.ts"

const JSON_TYPE = "application/json"

export interface TranslateOptions {
  exchange: Exchange
  envelope: RequestEnvelope
  protocol: Protocol
  target: Target
  /** Told of every event of the answer but further words of a text, to remember the state of its calls. */
  remember(event: CanonicalEvent): void
  /** Bytes of an answer that is held in memory. */
  limit: number
  /** Set where another upstream may go on with the answer. */
  part?: Part | undefined
}

/**
 * A chat in another protocol than the caller's.
 *
 * @param request the caller's, perhaps with media fetched for it
 * @throws GatewayError `unsupported`
 */
export function createChatCall(options: TranslateOptions, request: CanonicalRequest): Call {
  const { exchange, envelope, protocol, target } = options
  const upstream = protocol.upstream.chat!
  const ingress = exchange.protocol.ingress.chat!
  refusePrewarming(request, protocol, ingress)
  const encoded = upstream.encodeRequest(request, target)
  const { decoding } = encoded
  const context = () => answerContext(exchange, envelope)
  const { part } = options
  const createStream = () => {
    const create = () => ingress.createStream(context())
    return part ? part.encoder(create, target) : create()
  }

  function written(answer: CanonicalAnswer): WholeAnswer {
    followWhole(options.remember, answer)
    return {
      body: ingress.encodeAnswer(answer, context()),
      contentType: JSON_TYPE,
      usage: answer.usage && usageOf(answer.usage),
    }
  }

  return {
    ...encodedCall(protocol, encoded),
    part,
    follow: () =>
      createTranslation(
        upstream.createDecoder(decoding),
        createStream(),
        options.limit,
        options.remember,
      ),
    whole: (body) => written(upstream.decodeAnswer(body, decoding)),
    replay(body) {
      const events = eventsOf(upstream.decodeAnswer(body, decoding))
      return createTranslation(decoderOf(events), createStream(), Infinity, options.remember)
    },
    gather(body) {
      const decoder = upstream.createDecoder(decoding)
      const collector = createCollector()
      for (const event of decoder.push(body)) collector.push(event)
      for (const event of decoder.end()) collector.push(event)
      return written(collector.answer())
    },
  }
}

/** A limit of 0 asks only for the prompt to be cached, and means nothing in another protocol. */
function refusePrewarming(request: CanonicalRequest, { id }: Protocol, ingress: ChatEncoder): void {
  if (request.maxTokens !== 0 || request.protocol === id) return
  throw unsupported(
    "maxTokens",
    `This model's cache cannot be filled in advance: \`${ingress.paramName("maxTokens")}\` must be at least 1.`,
  )
}

/** Embeddings in another protocol than the caller's. @throws GatewayError `unsupported` */
export function createEmbeddingsCall(options: TranslateOptions): Call {
  const { exchange, envelope, protocol, target } = options
  const upstream = protocol.upstream.embeddings!
  const request = envelope.decodeEmbeddings!()
  return {
    ...encodedCall(protocol, upstream.encodeRequest(request, target)),
    ...wholeOnly,
    whole(body) {
      const decoded = upstream.decodeAnswer(body)
      const tokens = decoded.tokens === undefined ? undefined : tokenCount(decoded.tokens)
      const answer = tokens === undefined ? decoded : { ...decoded, tokens }
      return {
        body: exchange.protocol.ingress.encodeEmbeddings!(answer, {
          head: exchange,
          request,
          model: envelope.facts.model,
        }),
        contentType: JSON_TYPE,
        usage:
          tokens === undefined
            ? undefined
            : { input: tokens, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
      }
    },
  }
}

/** A question how many tokens a request has, in another protocol than the caller's. */
export function createCountCall(options: TranslateOptions, request: CanonicalRequest): Call {
  const { exchange, protocol, target } = options
  const upstream = protocol.upstream.chat!
  const bytes = upstream.encodeCount!(request, target)
  const decoding = { family: target.family, names: new Map(), custom: new Set<string>() }
  return {
    ...encodedCall(protocol, { body: bytes, losses: [], decoding }),
    ...wholeOnly,
    whole: (body) => ({
      body: exchange.protocol.ingress.encodeCount!(upstream.decodeCount!(body)),
      contentType: JSON_TYPE,
      usage: undefined,
    }),
  }
}

const wholeOnly = { follow: unexpected, replay: unexpected, gather: unexpected }

function unexpected(): never {
  throw new GatewayError("upstream-invalid", "The upstream streamed what cannot be streamed.", {
    code: "upstream_invalid",
  })
}

/** How an encoded request is sent, once: then its body is let go of. */
export function encodedCall(
  protocol: Protocol,
  { body: encoded, contentType, headers, losses }: EncodedRequest,
): Pick<Call, "protocol" | "relayed" | "headers" | "losses" | "body"> {
  const own = protocol.upstream.headers
  let unsent: typeof encoded | undefined = encoded
  return {
    protocol,
    relayed: false,
    headers: own && headers ? { ...own, ...headers } : (own ?? headers),
    losses,
    body({ set, remove }): CallBody {
      const type = contentType ?? JSON_TYPE
      const body = unsent!
      unsent = undefined
      if (set.size === 0 && remove.length === 0) return { body: asBuffer(body), contentType: type }
      return { body: spliceObject(body, { set, remove }), contentType: type }
    },
  }
}
