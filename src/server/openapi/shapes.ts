import type { ObjectOptions, TProperties, TSchema } from "@sinclair/typebox"
import * as t from "../../core/typebox.ts"

/** An object that may have more fields than we name: every field is passed on. */
export function open<P extends TProperties>(properties: P, options: ObjectOptions = {}) {
  return t.Object(properties, { additionalProperties: true, ...options })
}

/** One of these words. */
export function oneOf<const W extends string>(words: readonly W[], description?: string) {
  return t.Union(
    words.map((word) => t.Literal(word)),
    description === undefined ? {} : { description },
  )
}

/** This or null. */
export function nullable<S extends TSchema>(schema: S, description?: string) {
  return t.Union([schema, t.Null()], description === undefined ? {} : { description })
}

/** A file in a form. */
export function upload(description: string) {
  return t.Unsafe<Blob>({ type: "string", format: "binary", description })
}

/** A number with its bounds. */
export function between(minimum: number, maximum: number, description: string) {
  return t.Number({ minimum, maximum, description })
}
