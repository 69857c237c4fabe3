import * as t from "../core/typebox.ts"
import { count, duration, object } from "./schema-fields.ts"

const perAttempt = {
  connect: duration("Longest time to reach the upstream's host.", "5s"),
  firstByte: duration("Longest time to the first byte of a streamed answer.", "60s"),
  firstContent: duration(
    "Longest time to the first event of a streamed answer that carries content; `0s` is no limit.",
    "5m",
  ),
  stall: duration(
    "Longest silence between two events that carry content. Keepalives do not count.",
    "5m",
  ),
  response: duration("Longest time to the headers of an answer that does not stream.", "15m"),
}

/** Time limits of one attempt, which every level may have. */
export const Timeouts = (description: string) => object(perAttempt, { description })

/** The same, and the limit of a request with all of its attempts. */
export const RequestTimeouts = (description: string) =>
  object(
    {
      ...perAttempt,
      total: duration(
        "Longest time until an answer begins, over all attempts; `0s` is no limit.",
        "0s",
      ),
    },
    { description, typeName: "RequestTimeouts" },
  )

const Retries = object(
  {
    attempts: count(
      "Attempts beyond the first. A healthy channel that was not tried yet is tried all the same.",
      3,
    ),
    backoff: duration(
      "Pause before the same deployment is tried again; doubles each time, with full jitter.",
      "250ms",
    ),
    maxBackoff: duration("Longest such pause.", "5s"),
  },
  { description: "Trying again after a failure, before anything reached the caller." },
)

/** How often to try again: a number, or the details. */
export const retries = t.Optional(
  t.Union([t.Integer({ minimum: 0 }), Retries], {
    description: "Attempts beyond the first, or their details.",
    default: 3,
  }),
)
