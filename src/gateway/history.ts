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
  const own = decodedOnce(envelope)
  let written: RequestEnvelope | undefined
  const { previous: id } = envelope.facts
  const known = id === undefined || (previous !== undefined && previous.input !== "")
  const whole = () => {
    written ??=
      previous && known && envelope.continueFrom
        ? decodedOnce(envelope.continueFrom(previous))
        : own
    return written
  }
  const lack = known ? undefined : missing(id)
  return {
    whole,
    lack,
    seenBy(channel) {
      if (id === undefined || previous?.channel === channel.id) return own
      if (lack === undefined) return whole()
      if (previous) throw lack
      // The router has not seen that answer, but an upstream of the same protocol may have.
      const relayed = channel.deployment.protocols("chat").some((spoken) => spoken.id === protocol)
      if (relayed) return own
      throw lack
    },
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

/** Makes an envelope decode only once however many attempts there are. @returns the same one */
export function decodedOnce(envelope: RequestEnvelope): RequestEnvelope {
  const { decode } = envelope
  if (!decode) return envelope
  let decoded: ReturnType<typeof decode> | undefined
  envelope.decode = () => {
    decoded ??= decode.call(envelope)
    return decoded
  }
  return envelope
}
