import type { Bagged } from "./bag.ts"
import type { ByteWriter } from "./byte-source.ts"
import type { GatewayError } from "./error.ts"
import type { EndSignal } from "./life.ts"
import type { RequestHead, ServedProtocol } from "./protocol.ts"

/** The body of a request that has not come yet, or is not needed any more. */
export const NO_BODY: Uint8Array = new Uint8Array()

/** One client request, as the server hands it to the gateway. */
export interface Exchange extends RequestHead, Bagged {
  /** Request id: `x-request-id`. */
  readonly id: string
  readonly protocol: ServedProtocol
  /** As it goes on: what only the router reads is taken out first. */
  body: Uint8Array
  /** Aborted when the client leaves. */
  readonly signal: EndSignal
  /** Monotonic milliseconds at arrival. */
  readonly arrived: number
  /** Milliseconds since 1970 at arrival. */
  readonly time: number
  /** Called once when the reply has ended, however it did. */
  readonly ended: () => void
  /** What is being done for it now. Set by whoever does it. */
  work?: Work | undefined
}

/** Something under way that can be ended. */
export interface Work {
  cut(error: GatewayError): void
}

/** What the client gets. Whole bodies are bytes, so that the server can compress them. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: Uint8Array | PushedBody
}

/** A body that is written as it comes. */
export interface PushedBody {
  /** Begins to write. Called at most once. */
  start(writer: BodyWriter): void
  /** The client takes more again, after a `write` that said no. */
  drained(): void
  /** The client has left; nothing is written any more. May be called at any time, and again. */
  cancel(): void
}

/** Who takes a body on its way to the client: any number of `write`, then one of the others. None of them throws. */
export interface BodyWriter extends ByteWriter {
  end(): void
  /** The body broke off and cannot say so itself: the connection does. */
  fail(error: unknown): void
}
