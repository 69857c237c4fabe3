import type { ByteWriter, HeaderView } from "./byte-source.ts"
import type { CanonicalAnswer, CanonicalEvent, CanonicalRequest, Loss } from "./canonical.ts"
import type { Capabilities } from "./capabilities.ts"
import type { Clock } from "./clock.ts"
import type { CanonicalEmbeddings, EmbeddingRequest } from "./embedding.ts"
import type { GatewayError } from "./error.ts"
import type { Need } from "./needs.ts"
import type { Operation } from "./operation.ts"
import type { HeaderRecord } from "./provider.ts"
import type { AnswerStore, StoredAnswer } from "./answer-store.ts"
import type { ToldLimits } from "./traffic.ts"
import type { Usage } from "./usage.ts"

/** One HTTP route that a protocol's ingress serves. */
export interface IngressRoute {
  method: "POST"
  /** Elysia path below the root, such as `/v1/chat/completions`; `*` stands for a model's name. */
  path: string
  operation: Operation
  body: "json" | "multipart"
  /**
   * Set where the path ends in `{model}:{action}`: the operation of each action. `operation` is then
   * what an unknown action counts as.
   */
  actions?: Readonly<Record<string, Operation>>
}

/** A request as it came in, beside its body. */
export interface RequestHead {
  readonly operation: Operation
  readonly headers: HeaderView
  /** Path below the root, without a protocol's prefix, as it was sent. */
  readonly path: string
  /** The query with its `?`, or empty. */
  readonly query: string
}

/** What routing needs to know of a request, read without parsing more than that. */
export interface RequestFacts {
  /** The model name as the caller wrote it; empty when absent. */
  model: string
  stream: boolean
  /** The caller's own output limit in tokens, if any. */
  maxTokens?: number
  /** Id of an earlier answer that this request goes on from. */
  previous?: string
  /** Ids of earlier answers whose items this request names by their ids alone; the likeliest first. */
  cited?: readonly string[]
  /** Whether the answer is to be kept so that a later request can go on from it. */
  keep?: boolean
}

/** Changes made to a relayed request; everything else stays byte for byte. */
export interface RequestPatch {
  model: string
  /** Top-level members to set, as raw JSON text by name. They win over the caller's. */
  extraBody: ReadonlyMap<string, string>
  /** Top-level members to take out. */
  remove?: readonly string[]
  /** Of the model that gets it, for what is deeper inside. */
  capabilities?: Capabilities
}

/** A request body whose facts are known and which can be rewritten for an upstream of the same protocol. */
export interface RequestEnvelope {
  readonly facts: RequestFacts
  rewrite(patch: RequestPatch): { body: Uint8Array; contentType: string }
  /** What the caller loses when these top-level members are taken out of what is relayed. */
  losses?(removed: readonly string[]): readonly Loss[]
  /** Whether an upstream of the same protocol takes this request as it is; absent is always. */
  relays?(capabilities: Capabilities): boolean
  /** The request's meaning; parses the whole body, once however often it is asked. @throws GatewayError `invalid-request` */
  decode?(): CanonicalRequest
  /**
   * Whether it needs this of a model; absent is nothing. May decode the whole body, so it is asked only
   * where a model lacks it. What cannot be decoded needs nothing: whoever sends it on says what is wrong.
   */
  needs?(need: Need): boolean
  decodeEmbeddings?(): EmbeddingRequest
  /** The same request with an earlier answer's items themselves, where it names them: see `cited`. */
  withItems?(answer: StoredAnswer): RequestEnvelope
  /** The same request with the conversation that it goes on from written out. */
  continueFrom?(previous: StoredAnswer): RequestEnvelope
  /**
   * What the conversation is known by, as the body says or as it begins; the same for all of its turns.
   * Undefined where nothing of it lasts. Parses nothing, but may look through all of the body.
   */
  session?(): string | undefined
  /** The conversation as a JSON array in the protocol's own items, for {@link StoredAnswer.input}. */
  conversation?(): string
  /** Lets go of the body and all that was made of it: from now on nobody asks for more than the facts. */
  forget?(): void
}

/** How a relayed stream stands: before content, with content, ended well, or failed. */
export type StreamPhase = "prelude" | "content" | "complete" | "failed"

/** Follows the events of one relayed stream. A synchronous state machine: no I/O, no waiting. */
export interface StreamRelay {
  /** Takes bytes as they come and returns the whole events to forward, or nothing yet. */
  push(chunk: Uint8Array): Uint8Array | undefined
  /**
   * The same for bytes that are nothing but more of what came last: these are told to `writer` in the form in
   * which they go on.
   *
   * @returns whether they were that; else nothing was done, and `push` has to take them
   */
  pass?(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): boolean
  /** Takes the end of the stream: returns what was held back. `phase` then says how it ended. */
  end(): Uint8Array | undefined
  readonly phase: StreamPhase
  /** Counts events that carry content; a stall is a time in which it did not change. */
  readonly progress: number
  readonly usage: Usage | undefined
  /** Why `phase` is `failed`. */
  readonly error: GatewayError | undefined
  /** What the client gets when the stream fails after it has begun; absent: `Ingress.encodeStreamError`. */
  fail?(error: GatewayError, requestId: string): Uint8Array
  /** Whether the upstream has said why its answer ends, though not that this is all; where that is known. */
  readonly stopped?: boolean
  /** The whole answer as the client's protocol writes it, once `phase` is `complete`; where answers are kept. */
  readonly answer?: Uint8Array | undefined
}

/** A whole (non-stream) answer, as far as the router looks at it. */
export interface AnswerFacts {
  usage: Usage | undefined
}

/** A request for something that the router keeps, such as an earlier answer. */
export interface ResourceRequest {
  head: Omit<RequestHead, "operation">
  /** Path parameters, decoded. */
  params: Readonly<Record<string, string>>
  /** Caller key id. */
  caller: string | null
  answers: AnswerStore
  requestId: string
}

/** One further route of a protocol, which no upstream is asked for. */
export interface ResourceRoute {
  method: "GET" | "POST" | "DELETE"
  /** Elysia path below the root, such as `/v1/responses/:id`. */
  path: string
  /** One line for the API's description; absent hides it there. */
  summary?: string
  /** @throws GatewayError */
  serve(request: ResourceRequest): Promise<ResourceAnswer>
}

export interface ResourceAnswer {
  status: number
  headers?: HeaderRecord
  body: Uint8Array
}

/** How a protocol lists the models that a caller may use. */
export interface ModelList {
  /** Paths of its own beside `/v1/models`, such as `/v1beta/models`. */
  readonly paths: readonly string[]
  /** Whether a request to the path that several protocols share is one of this protocol. */
  claims(headers: HeaderView): boolean
  /** @param created milliseconds since 1970 */
  list(names: readonly string[], created: number, query: string): Uint8Array
  one(name: string, created: number): Uint8Array
}

/** The half of a protocol that we serve. */
export interface Ingress {
  readonly routes: readonly IngressRoute[]
  /** Paths below which the same routes are served again, such as `/openai`. */
  readonly prefixes: readonly string[]
  readonly resources?: readonly ResourceRoute[]
  readonly models?: ModelList
  /** @throws GatewayError `invalid-request` when the body cannot be understood. */
  inspect(head: RequestHead, body: Uint8Array): RequestEnvelope
  /** An error as this protocol writes it, as JSON text. */
  encodeError(error: GatewayError, requestId: string): string
  /** The status that this protocol's clients expect of an error, where it is not the error's own. */
  statusOf?(error: GatewayError): number
  /** Further headers of every reply, such as the protocol's own name for the request id. */
  replyHeaders?(requestId: string): HeaderRecord
  /**
   * The same inside a stream that has already begun, with the protocol's terminal event.
   *
   * @param head of the request, where nothing of the stream was sent but its headers
   */
  encodeStreamError(error: GatewayError, requestId: string, head?: RequestHead): Uint8Array
  /** Bytes that every client of this protocol ignores inside a stream. */
  readonly keepAlive: Uint8Array
  /** Whether its clients ignore comments (`: …`) inside a stream. */
  readonly comments?: boolean
  /** Content type of a streamed answer to this request, where it is not `text/event-stream`. */
  streamType?(head: RequestHead): string | undefined
  /** Answers in this protocol, made from the canonical model. Absent: requests can only be relayed. */
  readonly chat?: ChatEncoder
  encodeEmbeddings?(answer: CanonicalEmbeddings, context: EmbeddingsContext): Uint8Array
  /** @param tokens of the whole input */
  encodeCount?(tokens: number): Uint8Array
}

/** What an answer's encoder may need to know of the request. */
export interface AnswerContext {
  /** Request id, from which ids are made that the upstream did not give. */
  requestId: string
  head: RequestHead
  /** For whoever makes the encoder, and not later: a stream goes on when the request has been let go of. */
  readonly request: CanonicalRequest
  /** The request's body as it came in, for fields that an answer repeats; also not for later. */
  readonly body: Uint8Array
  /** The model name that the caller is told. */
  model: string
  /** Milliseconds since 1970 at arrival. */
  time: number
  /** The same when it is called, for protocols that say when an answer was complete. */
  now?(): number
}

export interface EmbeddingsContext {
  head: RequestHead
  request: EmbeddingRequest
  model: string
}

/** Writes answers as the client's protocol has them. */
export interface ChatEncoder {
  /** @returns one JSON document */
  encodeAnswer(answer: CanonicalAnswer, context: AnswerContext): Uint8Array
  createStream(context: AnswerContext): StreamEncoder
  /** The caller's name of a canonical parameter: `maxTokens` is `max_tokens`. Unknown ones stay as they are. */
  paramName(param: string): string
}

/** What stands around words, written as in JSON, in an event that says nothing else. */
export interface Frame {
  readonly before: Buffer
  readonly after: Buffer
}

/** Writes one streamed answer. A synchronous state machine. */
export interface StreamEncoder {
  /** @returns whole wire events, or undefined when there is nothing to say yet */
  push(event: CanonicalEvent): Uint8Array | undefined
  /**
   * What further words of a text may be written with, without `push`, until something else is pushed; undefined
   * where there is more to it.
   */
  frame?(part: number): Frame | undefined
  /** The end of a stream that failed, after `push` or before. */
  fail(error: GatewayError): Uint8Array
  /** The whole answer as one JSON document, after the `end` event; where answers are kept. */
  readonly answer?: Uint8Array | undefined
}

/** What a request is encoded for. */
export interface Target {
  /** The upstream's own name of the model. */
  model: string
  stream: boolean
  /** Whose opaque state it takes; empty takes none. */
  family: string
  capabilities: Capabilities
}

/** What the decoder of an answer must know of the encoded request. */
export interface Decoding {
  /** Stands for the upstream's family in the state that the answer carries. */
  family: string
  /** Tool names as the caller wrote them, by the names that were sent; only those that differ. */
  names: ReadonlyMap<string, string>
  /** Tools that take free text and were sent as functions of one `input`, by the names that were sent. */
  custom: ReadonlySet<string>
  /** The tool that stands for the answer's schema: its arguments are the answer's text. */
  schemaTool?: string
  /** Whether text may begin with thoughts between `<think>` and `</think>`. */
  thinkTags?: boolean
  /** Set where several answers were asked for; else all that comes is one. */
  severalChoices?: boolean
}

export interface EncodedRequest {
  body: Uint8Array
  /** Of the body; absent is JSON. */
  contentType?: string
  /** Headers that this body needs. */
  headers?: HeaderRecord
  losses: readonly Loss[]
  decoding: Decoding
}

/** Turns bytes of a stream into events. A synchronous state machine that does its own framing. */
export interface StreamDecoder {
  /** @throws GatewayError for an error inside the stream, and for what cannot be understood, unless events came before it */
  push(chunk: Uint8Array): readonly CanonicalEvent[]
  /** Why nothing follows the events that `push` has told last, where that is known; `end` throws it. */
  readonly failure?: unknown
  /** The bytes have ended. @returns what was held back. @throws GatewayError `upstream-truncated` unless the answer was whole */
  end(): readonly CanonicalEvent[]
  /** Whether `retell` may be asked next: for more of the text that the last event was a delta of. */
  readonly retells?: boolean
  /**
   * Tells `writer` events with these words, where the bytes are nothing but further words of that text.
   *
   * @returns how many; with 0 nothing was done, and `push` has to take the bytes
   */
  retell?(bytes: Uint8Array, start: number, end: number, frame: Frame, writer: ByteWriter): number
  /** See {@link StreamRelay.stopped}. */
  readonly stopped?: boolean
}

/** Speaks to an upstream for a caller of another protocol. */
export interface ChatTranslator {
  /** @throws GatewayError `unsupported` when the request means something that this upstream cannot do */
  encodeRequest(request: CanonicalRequest, target: Target): EncodedRequest
  /** @throws GatewayError when a 200 is not an answer at all */
  decodeAnswer(body: Uint8Array, decoding: Decoding): CanonicalAnswer
  createDecoder(decoding: Decoding): StreamDecoder
  /** The body of a question how many tokens a request has; absent where the upstream cannot be asked. */
  encodeCount?(request: CanonicalRequest, target: Target): Uint8Array
  /** @returns tokens. @throws GatewayError */
  decodeCount?(body: Uint8Array): number
}

export interface EmbeddingsTranslator {
  encodeRequest(request: EmbeddingRequest, target: Target): EncodedRequest
  decodeAnswer(body: Uint8Array): CanonicalEmbeddings
}

/** A call whose path is wanted. */
export interface PathContext {
  operation: Operation
  /** The upstream's own name of the model. */
  model: string
  stream: boolean
  /** The caller's request, when it is relayed. */
  relayed?: RequestHead
  capabilities: Capabilities
}

/** The half of a protocol that we call. */
export interface Upstream {
  /** Path below the provider's base URL, such as `/chat/completions`, with its query. */
  path(call: PathContext): string
  /** Headers that every request has, such as the API's version. */
  readonly headers?: HeaderRecord
  /** The caller's headers that a relayed request keeps. */
  readonly relayedHeaders?: readonly string[]
  /** An upstream's error answer, classified. Never throws. */
  decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError
  /** The rate limits that an answer's headers tell, whether it is an error or not; undefined where they tell none. */
  rateLimits?(headers: HeaderView, clock: Clock): ToldLimits | undefined
  /** Checks a whole JSON answer. @throws GatewayError when a 200 is not an answer at all. */
  inspectAnswer(operation: Operation, body: Uint8Array): AnswerFacts
  /** A whole relayed answer from an upstream that is not clean, as official SDKs expect it. */
  mendAnswer?(operation: Operation, body: Uint8Array): Uint8Array
  /** Whether a successful answer to this is one JSON document (else it is passed through as bytes). */
  answersJson(operation: Operation): boolean
  relayStream(operation: Operation, envelope: RequestEnvelope, context: RelayContext): StreamRelay
  /** Absent: requests can only be relayed. */
  readonly chat?: ChatTranslator
  readonly embeddings?: EmbeddingsTranslator
}

export interface RelayContext {
  head: RequestHead
  requestId: string
  capabilities: Capabilities
}

/** A wire format and its meaning. */
export interface Protocol {
  readonly id: string
  /** Absent: the protocol is only spoken to upstreams. */
  readonly ingress?: Ingress
  readonly upstream: Upstream
}

/** A protocol that is served. */
export interface ServedProtocol extends Protocol {
  readonly ingress: Ingress
}

/** Whether a protocol is served, and not only spoken to upstreams. */
export function isServed(protocol: Protocol): protocol is ServedProtocol {
  return protocol.ingress !== undefined
}
