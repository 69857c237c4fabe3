import { type TProperties, Type as t } from "@sinclair/typebox"

/**
 * Values that the checker knows beyond JSON Schema, by the `kind` annotation:
 * `duration` "60s" or milliseconds, `size` "64mb" or bytes, `secret` a Secret or a string,
 * `provider`, `group`, `strategy`, `model` names that must exist elsewhere in the config.
 */
export type ValueKind = "duration" | "size" | "secret" | "group" | "strategy" | "provider" | "model"

/** Annotations of a config field: what the editor, the docs and the checker show. */
export interface FieldOptions {
  description: string
  /** As written in a config. */
  default?: unknown
  kind?: ValueKind
  examples?: readonly unknown[]
  /** Computed at start, so there is no literal default: said in words. */
  defaultText?: string
}

/** An object that takes no other keys. */
export const object = <P extends TProperties>(properties: P, options: Partial<FieldOptions> = {}) =>
  t.Object(properties, { additionalProperties: false, ...options })

/** A length of time: `"60s"`, or milliseconds. */
export const duration = (description: string, value: string) =>
  t.Optional(
    t.Union([t.String(), t.Number({ minimum: 0 })], {
      kind: "duration",
      description,
      default: value,
    } satisfies FieldOptions),
  )

/** A number of bytes: `"64mb"`, or the number. */
export const size = (description: string, value: string) =>
  t.Optional(
    t.Union([t.String(), t.Integer({ minimum: 1 })], {
      kind: "size",
      description,
      default: value,
    } satisfies FieldOptions),
  )

/** A whole number. */
export const count = (description: string, value: number, minimum = 0) =>
  t.Optional(t.Integer({ minimum, description, default: value }))

/** On or off. */
export const flag = (description: string, value: boolean) =>
  t.Optional(t.Boolean({ description, default: value }))

/** A text that never prints. */
export const secret = (description: string) => t.Unsafe<unknown>({ kind: "secret", description })

/** Time limits, which every level may have. */
export const Timeouts = (title: string) =>
  object(
    {
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
      total: duration(
        "Longest time until an answer begins, over all attempts; `0s` is no limit.",
        "0s",
      ),
    },
    { description: title },
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
