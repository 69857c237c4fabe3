import type { TProperties, TSchema } from "@sinclair/typebox"
import * as t from "../core/typebox.ts"

/**
 * Values that the checker knows beyond JSON Schema, by the `kind` annotation:
 * `duration` "60s" or milliseconds, `size` "64mb" or bytes, `money` "$20/day", `secret` a Secret or a
 * string, `pattern` a regular expression or plain text, `provider`, `group`, `strategy`, `model` names
 * that must exist elsewhere in the config. Any other is a function, by the name of its type.
 */
export type ValueKind =
  | "duration"
  | "size"
  | "money"
  | "secret"
  | "pattern"
  | "group"
  | "strategy"
  | "provider"
  | "model"
  | FunctionKind

/** Types of the functions that a config written in TypeScript or JavaScript may hold. */
export const FUNCTIONS = ["StrategyFunction", "TextMatcher"] as const
export type FunctionKind = (typeof FUNCTIONS)[number]

/** Annotations of a config field: what the editor, the docs and the checker show. */
export interface FieldOptions {
  description: string
  /** As written in a config. */
  default?: unknown
  kind?: ValueKind
  examples?: readonly unknown[]
  /** Computed at start, so there is no literal default: said in words. */
  defaultText?: string
  /** Name of an object's generated type, where that is not its key's. */
  typeName?: string
}

/** An object that takes no other keys. */
export const object = <P extends TProperties>(properties: P, options: Partial<FieldOptions> = {}) =>
  t.Object(properties, { additionalProperties: false, ...options })

/** A length of time: `"60s"`, or milliseconds. */
export const Duration = (options: Partial<FieldOptions & { minimum: number }> = {}) =>
  t.Union([t.String(), t.Number({ minimum: 0 })], { kind: "duration", ...options })

/** The same as an optional field, with its default where it has one. */
export const duration = (description: string, value?: string) =>
  t.Optional(Duration({ description, ...(value !== undefined && { default: value }) }))

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

/** US dollars, at once or in a window of the calendar: `"$20/day"`. */
export const money = (description: string) =>
  t.Optional(t.String({ kind: "money", description } satisfies FieldOptions))

/** A text to look for: a regular expression, or what is plainly in it. */
export const Pattern = (description: string) => t.Unsafe<unknown>({ kind: "pattern", description })

/** A function of one of the known types; configs in JSON and YAML cannot have it. */
export const Callback = (kind: FunctionKind, description: string) =>
  t.Unsafe<unknown>({ kind, description })

/** One of a few words. */
export const choice = (description: string, words: readonly string[], value?: string) =>
  t.Optional(
    t.Union(
      words.map((word) => t.Literal(word)),
      { description, ...(value !== undefined && { default: value }) },
    ),
  )

/** A list of texts that are not empty. */
export const words = (description: string) =>
  t.Optional(t.Array(t.String({ minLength: 1 }), { description, default: [] }))

/** One, or a list of them. */
export const oneOrMore = <S extends TSchema>(item: S, description: string) =>
  t.Optional(t.Union([item, t.Array(item, { minItems: 1 })], { description }))

/** A text that names a group. */
export const groupName = (description: string) => t.String({ kind: "group", description })
