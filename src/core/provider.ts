import type { Operation } from "./operation.ts"
import type { Secret } from "./secret.ts"
import type { ProviderSettings } from "./settings.ts"

/** Header values by lower-case name: unlike `Headers` it costs nothing to make and to share. */
export type HeaderRecord = Readonly<Record<string, string>>

/** One HTTP request to an upstream, complete but for the time limits. */
export interface OutgoingRequest {
  url: string
  method: "GET" | "POST"
  headers: HeaderRecord
  body?: Uint8Array
  /** Aborted when the client leaves or a time limit passes. */
  signal: AbortSignal
  /** URL of an outbound HTTP proxy. */
  proxy?: string
  /** Milliseconds for reaching the host; 0 is no limit. */
  connectTimeout: number
}

/** An upstream's answer as soon as its headers are there. */
export interface IncomingResponse {
  status: number
  headers: Headers
  body: ReadableStream<Uint8Array> | null
  /** The whole body, instead of `body`: cheaper where it is known to be small. */
  bytes?(): Promise<Uint8Array>
}

/** Sends one request. @throws GatewayError `upstream-unreachable`, `upstream-timeout`. */
export type Send = (request: OutgoingRequest) => Promise<IncomingResponse>

export interface CallTarget {
  operation: Operation
  /** Path below the base URL, from the protocol. */
  path: string
  /** The upstream's own name of the model. */
  model: string
}

/** One configured provider, ready to be called. Built once a config generation. */
export interface ProviderAccount {
  url(call: CallTarget): string
  /** Headers that carry the key; they win over any others. */
  authorize(key: Secret | undefined): HeaderRecord
  /** URL of a free GET that succeeds when the key is accepted. */
  readonly probeUrl?: string
  /** Replaces HTTP for an embedded upstream. */
  readonly send?: Send
}

/** A provider type: what is known of every account of this kind. */
export interface ProviderDefinition {
  readonly type: string
  /** One line for the docs and the editor. */
  readonly description: string
  /** Protocol ids by operation, preferred first. */
  readonly speaks: { readonly [O in Operation]?: readonly string[] }
  /** Base URL when the config gives none; without it the config must. */
  readonly baseUrl?: string
  /** Whether an account without any key can work. */
  readonly keyless: boolean
  /** Well-known environment variables that hold a key, most common first. */
  readonly env: readonly string[]
  /** Id of the vendor in the price table, for prices and known model names. */
  readonly vendor?: string
  /** Set where a request costs nothing, whatever the model. */
  readonly free?: boolean
  /** Set where it only stands in for real providers: in a group it answers while no other one can. */
  readonly standIn?: boolean
  /** Model ids known without the price table. */
  readonly models?: readonly string[]
  /** The model names that a router without a config file offers for this provider, best first. */
  readonly starters?: readonly string[]
  /** Config keys that only this type takes, with their descriptions. All are optional strings. */
  readonly options?: Readonly<Record<string, string>>
  /** Sets of config keys of which at least one must be given. */
  readonly needs?: readonly (readonly string[])[]
  open(settings: ProviderSettings): ProviderAccount
}
