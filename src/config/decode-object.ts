import type { TSchema } from "@sinclair/typebox"
import { type DecodeContext, describePlace } from "./decode-context.ts"
import { describe, type Node, schemaNode } from "./decode-schema.ts"
import type { Path } from "./finding.ts"
import { explainUnknownKey } from "./unknown-key.ts"

/** Decodes an object with known keys. */
export function decodeObject(
  node: Node,
  value: Record<string, unknown>,
  path: Path,
  context: DecodeContext,
): Record<string, unknown> {
  const properties = node.properties ?? {}
  const result: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (schema) {
      const decoded = context.decode(schema, item, [...path, key])
      if (decoded !== undefined) result[key] = decoded
      continue
    }
    if (typeof item === "string" && /key|token|secret|pass|auth/i.test(key)) {
      context.literal(item, [...path, key])
    }
    context.report({
      code: "LR2020",
      path: [...path, key],
      at: "key",
      message: `${describePlace(path)} has no key \`${key}\``,
      ...explainUnknownKey(key, path, Object.keys(properties), Object.keys(value)),
    })
  }
  for (const key of node.required) {
    if (value[key] !== undefined) continue
    const missing = schemaNode(properties[key]!)
    context.report({
      code: "LR2021",
      path,
      at: "key",
      message: `${describePlace(path)} has no \`${key}\`, which it needs`,
      ...(missing.description && { why: missing.description }),
      hint: `add \`${key}: ${example(missing)}\``,
    })
  }
  return result
}

/** Decodes an object with free keys; what is wrong keeps its key. */
export function decodeRecord(
  schema: TSchema,
  value: Record<string, unknown>,
  path: Path,
  context: DecodeContext,
): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(
    entries.map(([key, item]) => [key, context.decode(schema, item, [...path, key])]),
  )
}

function example(node: Node): string {
  if (node.literal !== undefined) return JSON.stringify(node.literal)
  if (node.description?.includes("https://")) return '"https://host/v1"'
  if (node.type === "object") return "{ … }"
  if (node.type === "array") return "[ … ]"
  return node.type === "string" ? '"…"' : describe(node)
}
