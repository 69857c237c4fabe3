import type { TSchema } from "@sinclair/typebox"
import { parseDuration, parseSize } from "../core/units.ts"
import { schemaNode } from "./decode-schema.ts"
import { ConfigSchema } from "./schema.ts"

/** The default of a top-level key, as its schema annotates it. */
export function defaultOf(key: string): unknown {
  return schemaNode(ConfigSchema.properties[key as keyof typeof ConfigSchema.properties]).default
}

/** The defaults of the object at a top-level key, as its schema annotates them. */
export function defaultsOf(key: string): Record<string, unknown> {
  const node = schemaNode(ConfigSchema.properties[key as keyof typeof ConfigSchema.properties])
  const object = node.type === "object" ? node : node.anyOf?.find(({ type }) => type === "object")
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(object?.properties ?? {})) {
    const value = defaultValue(schema)
    if (value !== undefined) values[name] = value
  }
  return values
}

function defaultValue(schema: TSchema): unknown {
  const node = schemaNode(schema)
  const written = node.default as string | number
  if (node.kind === "duration") return parseDuration(written)
  if (node.kind === "size") return parseSize(written)
  return written
}
