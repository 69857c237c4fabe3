import type { StoredAnswer } from "../core/answer-store.ts"
import { GatewayError } from "../core/error.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Channel } from "../core/routing.ts"

/** A request that may go on from an earlier answer, as each channel has to see it. */
export interface History {
  /** @throws GatewayError when the earlier answer is unknown and this channel cannot know it either */
  seenBy(channel: Channel): RequestEnvelope
  /** The request with its whole conversation, as far as the router knows it. */
  whole(): RequestEnvelope
  /** Why that is not all of it: it goes on from an answer that only an upstream knows. */
  readonly lack: GatewayError | undefined
}

/**
 * @param previous the earlier answer, where the router has kept it
 * @param protocol id of the caller's protocol; undefined when an upstream of it must not be asked
 */
export function createHistory(
  envelope: RequestEnvelope,
  previous: StoredAnswer | undefined,
  protocol: string | undefined,
): History {
  return new KnownHistory(envelope, previous, protocol)
}

/** A class, since every request has one: nearly all begin with themselves. */
class KnownHistory implements History {
  readonly lack: GatewayError | undefined
  readonly #own: RequestEnvelope
  readonly #previous: StoredAnswer | undefined
  readonly #protocol: string | undefined
  #written: RequestEnvelope | undefined

  constructor(
    envelope: RequestEnvelope,
    previous: StoredAnswer | undefined,
    protocol: string | undefined,
  ) {
    const { previous: id } = envelope.facts
    this.#own = envelope
    this.#previous = previous
    this.#protocol = protocol
    const known = id === undefined || (previous !== undefined && previous.input !== "")
    this.lack = known ? undefined : missing(id)
  }

  whole(): RequestEnvelope {
    this.#written ??=
      this.#previous && !this.lack && this.#own.continueFrom
        ? this.#own.continueFrom(this.#previous)
        : this.#own
    return this.#written
  }

  seenBy(channel: Channel): RequestEnvelope {
    if (this.#own.facts.previous === undefined) return this.#own
    if (this.#previous?.channel === channel.id) return this.#own
    if (this.lack === undefined) return this.whole()
    if (this.#previous) throw this.lack
    // The router has not seen that answer, but an upstream of the same protocol may have.
    const spoken = channel.deployment.protocols("chat")
    if (spoken.some(({ id }) => id === this.#protocol)) return this.#own
    throw this.lack
  }
}

function missing(id: string): GatewayError {
  return new GatewayError(
    "unsupported",
    `Previous response with id '${id.slice(0, 200)}' not found.`,
    {
      reason: "previous-missing",
      code: "previous_response_not_found",
      param: "previous_response_id",
    },
  )
}
