import type { GatewayError } from "./error.ts"
import type { Operation } from "./operation.ts"
import type { Usage } from "./usage.ts"

/** One HTTP route that a protocol's ingress serves. */
export interface IngressRoute {
  method: "POST"
  /** Elysia path below the root, such as `/v1/chat/completions`. */
  path: string
  operation: Operation
  body: "json" | "multipart"
}

/** What routing needs to know of a request, read without parsing more than that. */
export interface RequestFacts {
  /** The model name as the caller wrote it; empty when absent. */
  model: string
  stream: boolean
  /** The caller's own output limit in tokens, if any. */
  maxTokens?: number
}

/** Changes made to a relayed request; everything else stays byte for byte. */
export interface RequestPatch {
  model: string
  /** Fields of the provider's `extraBody`, as raw JSON text by name. They win over the caller's. */
  extraBody: ReadonlyMap<string, string>
}

/** A request body whose facts are known and which can be rewritten for an upstream of the same protocol. */
export interface RequestEnvelope {
  readonly facts: RequestFacts
  rewrite(patch: RequestPatch): { body: Uint8Array; contentType: string }
}

/** How a relayed stream stands: before content, with content, ended well, or failed. */
export type StreamPhase = "prelude" | "content" | "complete" | "failed"

/** Follows the events of one relayed stream. A synchronous state machine: no I/O, no waiting. */
export interface StreamRelay {
  /** Takes bytes as they come and returns the whole events to forward, or nothing yet. */
  push(chunk: Uint8Array): Uint8Array | undefined
  /** Takes the end of the stream: returns what was held back. `phase` then says how it ended. */
  end(): Uint8Array | undefined
  readonly phase: StreamPhase
  /** Counts events that carry content; a stall is a time in which it did not change. */
  readonly progress: number
  readonly usage: Usage | undefined
  /** Why `phase` is `failed`. */
  readonly error: GatewayError | undefined
}

/** A whole (non-stream) answer, as far as the router looks at it. */
export interface AnswerFacts {
  usage: Usage | undefined
}

/** The half of a protocol that we serve. */
export interface Ingress {
  readonly routes: readonly IngressRoute[]
  /** Paths below which the same routes are served again, such as `/openai`. */
  readonly prefixes: readonly string[]
  /** @throws GatewayError `invalid-request` when the body cannot be understood. */
  inspect(operation: Operation, body: Uint8Array, contentType: string): RequestEnvelope
  /** An error as this protocol writes it, as JSON text. */
  encodeError(error: GatewayError, requestId: string): string
  /** The same inside a stream that has already begun, with the protocol's terminal event. */
  encodeStreamError(error: GatewayError, requestId: string): Uint8Array
  /** Bytes that every client of this protocol ignores inside a stream. */
  readonly keepAlive: Uint8Array
}

/** The half of a protocol that we call. */
export interface Upstream {
  /** Path below the provider's base URL, such as `/chat/completions`. */
  path(operation: Operation): string
  /** An upstream's error answer, classified. Never throws. */
  decodeError(status: number, headers: Headers, body: Uint8Array): GatewayError
  /** Checks a whole JSON answer. @throws GatewayError when a 200 is not an answer at all. */
  inspectAnswer(operation: Operation, body: Uint8Array): AnswerFacts
  /** Whether a successful answer to this is one JSON document (else it is passed through as bytes). */
  answersJson(operation: Operation): boolean
  relayStream(operation: Operation, envelope: RequestEnvelope): StreamRelay
}

/** A wire format and its meaning. */
export interface Protocol {
  readonly id: string
  readonly ingress: Ingress
  readonly upstream: Upstream
}
