import type { ByteSource, HeaderView } from "./byte-source.ts"
import type { Capabilities } from "./capabilities.ts"
import type { EndSignal } from "./life.ts"
import type { Operation } from "./operation.ts"
import type { Secret } from "./secret.ts"
import type { ProviderSettings } from "./settings.ts"

/** Header values by lower-case name: unlike `Headers` it costs nothing to make and to share. */
export type HeaderRecord = Readonly<Record<string, string>>

/** One HTTP request to an upstream, complete but for the time limits. */
export interface OutgoingRequest {
  url: string
  /** `PUT` is for credentials only. */
  method: "GET" | "POST" | "PUT"
  headers: HeaderRecord
  /** Taken away from it when its answer has begun. */
  body?: Uint8Array | undefined
  /** Aborted when the client leaves or a time limit passes. */
  signal: EndSignal
  /** URL of an outbound HTTP proxy. */
  proxy?: string
  /** Milliseconds for reaching the host; 0 is no limit. */
  connectTimeout: number
}

/** An upstream's answer as soon as its headers are there. */
export interface IncomingResponse {
  status: number
  headers: HeaderView
  body: ByteSource | null
}

/** Sends one request. @throws GatewayError `upstream-unreachable`, `upstream-timeout`. */
export type Send = (request: OutgoingRequest) => Promise<IncomingResponse>

export interface CallTarget {
  operation: Operation
  /** Id of the protocol that is spoken. */
  protocol: string
  /** Path below the base URL, from the protocol, with its query. */
  path: string
  /** The upstream's own name of the model. */
  model: string
  stream: boolean
}

/** Changes that an account makes to every body, relayed or translated. */
export interface BodyPatch {
  /** Raw JSON text by top-level name. */
  set: ReadonlyMap<string, string>
  remove: readonly string[]
}

/** One configured provider, ready to be called. Built once a config generation. */
export interface ProviderAccount {
  url(call: CallTarget): string
  /** Headers that carry the key; they win over any others. */
  authorize(key: Secret | undefined): HeaderRecord
  /**
   * Completes a request for which static headers are not enough: a signature, a short-lived token.
   * Called with the final URL, headers and body. @throws GatewayError `upstream-unauthorized`, `upstream-unreachable`
   */
  sign?(request: OutgoingRequest, key: Secret | undefined): Promise<OutgoingRequest>
  /**
   * An upstream has refused a request with what `sign` had put into it: that is to be had anew.
   *
   * @param began when the request did, in monotonic milliseconds: what was had since then may be good
   */
  forget?(key: Secret | undefined, began: number): void
  /** Top-level changes to the body of this call. @param headers the caller's */
  patch?(call: CallTarget, headers: HeaderView): BodyPatch | undefined
  /**
   * Rewrites an answer before the protocol sees it, where the account wraps the protocol's answers in
   * something of its own: another framing, other errors. Called for every answer to a call.
   */
  receive?(call: CallTarget, response: IncomingResponse): IncomingResponse
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
  /** Protocol ids of one model, where they depend on it. */
  speaksFor?(model: string, operation: Operation): readonly string[] | undefined
  /** What a model takes, when spoken to in this protocol. Absent: all that the protocol can say. */
  capabilities?(model: string, protocol: string): Capabilities
  /** Whose opaque state a model makes and takes: the same word means that state can be exchanged. Absent: the provider's own name. */
  family?(model: string, protocol: string): string
  /** Base URL when the config gives none; without it the config must. */
  readonly baseUrl?: string
  /** Whether an account without any key can work. */
  readonly keyless: boolean
  /** Options of which any one lets an account work without a key. */
  readonly keylessWith?: readonly string[]
  /** Whether a key may be a whole document, such as a JSON file's text, and not only a header's value. */
  readonly keyDocuments?: boolean
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

/** Whether an account with these options can work without any key. */
export function worksWithoutKey(
  { keyless, keylessWith = [] }: Pick<ProviderDefinition, "keyless" | "keylessWith">,
  options: Readonly<Record<string, unknown>>,
): boolean {
  return keyless || keylessWith.some((option) => options[option] !== undefined)
}
