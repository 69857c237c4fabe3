import type { TSchema } from "@sinclair/typebox"
import type { SchemaOrRef } from "./document.ts"

type Json = Record<string, unknown>

/** Named schemas of a document, filled by `toOpenApi`. */
export type Components = Record<string, SchemaOrRef>

/**
 * A TypeBox schema in the dialect of OpenAPI 3.0, which is older than JSON Schema 2020: no `const`,
 * no `null` type, one `example`. A schema with `$id` goes into `components` and becomes a `$ref`.
 */
export function toOpenApi(schema: TSchema, components: Components): SchemaOrRef {
  const name = schema.$id
  if (name === undefined) return convert(schema, components) as SchemaOrRef
  if (!(name in components)) {
    components[name] = {}
    components[name] = convert(schema, components) as SchemaOrRef
  }
  return { $ref: `#/components/schemas/${name}` }
}

function convert(schema: TSchema, components: Components): Json {
  const result: Json = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === "$id" || key === "anyOf" || key === "patternProperties") continue
    if (key === "const") result["enum"] = [value]
    else if (key === "examples") result["example"] = (value as unknown[])[0]
    else if (key === "properties") result[key] = convertEach(value as Json, components)
    else if (key === "items") result[key] = toOpenApi(value as TSchema, components)
    else if (key === "additionalProperties" && typeof value === "object") {
      result[key] = toOpenApi(value as TSchema, components)
    } else result[key] = value
  }
  if (schema["patternProperties"]) {
    const [values] = Object.values(schema["patternProperties"] as Record<string, TSchema>)
    result["additionalProperties"] = values ? toOpenApi(values, components) : true
  }
  if (schema["anyOf"]) Object.assign(result, union(schema["anyOf"] as TSchema[], components))
  return result
}

function convertEach(properties: Json, components: Components): Json {
  const entries = Object.entries(properties)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, toOpenApi(value as TSchema, components)]),
  )
}

function union(members: TSchema[], components: Components): Json {
  const flat = members.flatMap(alternatives)
  const real = flat.filter((each) => each["type"] !== "null")
  const words = real.map((each) => each["const"]).filter((each) => typeof each === "string")
  const others = real.filter((each) => typeof each["const"] !== "string")
  const isNullable = real.length < flat.length
  const nullable = isNullable ? { nullable: true } : {}

  if (others.length === 0) {
    // `nullable` does not add null to an `enum`: it has to be named.
    return { type: "string", enum: isNullable ? [...words, null] : words, ...nullable }
  }
  const choices: Json[] = words.length > 0 ? [{ type: "string", enum: words }] : []
  choices.push(...others.map((each) => toOpenApi(each, components) as Json))
  if (choices.length > 1) return { anyOf: choices, ...nullable }
  const [only = {}] = choices
  // In 3.0 whatever stands beside a `$ref` is ignored.
  return "$ref" in only ? { allOf: [only], ...nullable } : { ...only, ...nullable }
}

/** The members of a union inside a union; anything else, or a named union, stays whole. */
function alternatives(schema: TSchema): TSchema[] {
  const inner = schema["anyOf"] as TSchema[] | undefined
  return inner && schema.$id === undefined ? inner.flatMap(alternatives) : [schema]
}
