import type { Loss } from "../core/canonical.ts"
import type { Protocol, StreamRelay } from "../core/protocol.ts"
import type { BodyPatch, HeaderRecord } from "../core/provider.ts"
import type { Usage } from "../core/usage.ts"
import type { Part } from "./continuation/part.ts"

/** A whole answer as the client gets it. */
export interface WholeAnswer {
  body: Uint8Array
  /** Absent: as the upstream said. */
  contentType?: string
  usage: Usage | undefined
}

/** A body for one channel. */
export interface CallBody {
  body: Uint8Array
  contentType: string
}

/** How one attempt speaks to its upstream: relayed as it is, or translated. */
export interface Call {
  /** The upstream's protocol. */
  readonly protocol: Protocol
  readonly relayed: boolean
  /** Headers that belong to the request rather than to the channel; undefined is none. */
  readonly headers: HeaderRecord | undefined
  /** What the upstream is not told. */
  readonly losses: readonly Loss[]
  /** Set where another upstream may go on with the answer. */
  readonly part?: Part | undefined
  /**
   * Called once: the body is whoever's who sends it.
   *
   * @param patch what this channel's account changes in every body
   */
  body(patch: BodyPatch): CallBody
  /** Follows a streamed answer. */
  follow(): StreamRelay
  /** A whole answer. @throws GatewayError when it is none */
  whole(body: Uint8Array): WholeAnswer
  /** A whole answer for a client that wants a stream: what that would have been. @throws GatewayError */
  replay(body: Uint8Array): StreamRelay
  /** A whole stream for a client that wants none. @throws GatewayError */
  gather(body: Uint8Array): WholeAnswer
}
