import type { IncomingResponse, OutgoingRequest } from "../../core/provider.ts"
import { unreachable } from "../unreachable.ts"

/** One request on its way to its answer. A class, since there are many. */
export class RoundTrip {
  readonly request: OutgoingRequest
  readonly head: Buffer
  /** Monotonic milliseconds. */
  readonly started: number
  readonly answer: (response: IncomingResponse) => void
  /** @param reason what `send` rejects with, as it is */
  readonly giveUp: (reason: unknown) => void

  constructor(
    request: OutgoingRequest,
    head: Buffer,
    started: number,
    answer: (response: IncomingResponse) => void,
    giveUp: (reason: unknown) => void,
  ) {
    this.request = request
    this.head = head
    this.started = started
    this.answer = answer
    this.giveUp = giveUp
  }

  fail(cause: unknown): void {
    this.giveUp(unreachable(this.request.url, cause))
  }
}
