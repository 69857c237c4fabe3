import type { TSchema } from "@sinclair/typebox"
import { type DecodeContext, describePlace, wrongType } from "./decode-context.ts"
import { isPlainObject, isScalar, type Node, schemaNode } from "./decode-schema.ts"
import { decodeObject, decodeRecord } from "./decode-object.ts"
import { decodeScalar } from "./decode-scalar.ts"
import { decodeUnion } from "./decode-union.ts"
import { fillIn } from "./fill-in.ts"
import type { Path } from "./finding.ts"
import { show } from "./redact.ts"
import { SecretRef } from "./secret-ref.ts"

/**
 * Checks a value against its schema and turns it into what the router works with. Reports every
 * mistake and goes on; what is wrong comes back as undefined.
 */
export function decode(
  schema: TSchema,
  value: unknown,
  path: Path,
  parts: Omit<DecodeContext, "decode">,
): unknown {
  const context: DecodeContext = {
    ...parts,
    decode: (schema, value, path) => decodeNode(schema, value, path, context),
  }
  return decodeNode(schema, value, path, context)
}

function decodeNode(schema: TSchema, value: unknown, path: Path, context: DecodeContext): unknown {
  const node = schemaNode(schema)
  if (node.kind === "secret") return decodeScalar(node, value, path, context)
  if (value instanceof SecretRef && !node.anyOf?.some(({ kind }) => kind === "secret")) {
    context.report({
      code: "LR2032",
      path,
      message: `${describePlace(path)} takes plain text, not ${show(value)}`,
      why: "env() and file() make secrets, which are only read where a key or a header goes",
      hint: `use \`process.env[${JSON.stringify(value.name)}]\` here; .env files are read for it too`,
      site: value.site,
    })
    return undefined
  }
  let given = value
  if (typeof value === "string" && context.expand) {
    const expanded = fillIn(node.acceptsText, value, path, context)
    if (expanded === undefined) return undefined
    given = expanded
  }
  if (node.anyOf && !isScalar(node)) return decodeUnion(node, given, path, context)
  if (node.type === "object") {
    if (!isPlainObject(given)) return wrongType(node, given, path, context)
    return node.record
      ? decodeRecord(node.record, given, path, context)
      : decodeObject(node, given, path, context)
  }
  if (node.type === "array") return decodeArray(node, given, path, context)
  return decodeScalar(node, given, path, context)
}

function decodeArray(node: Node, value: unknown, path: Path, context: DecodeContext): unknown {
  if (!Array.isArray(value)) return wrongType(node, value, path, context)
  if (value.length < (node.minItems ?? 0)) {
    context.report({
      code: "LR2045",
      path,
      message: `${describePlace(path)} is empty`,
      ...(node.description && { why: node.description }),
      hint: "add an entry, or remove it",
    })
  }
  return value.map((item, index) =>
    node.items ? context.decode(node.items, item, [...path, index]) : item,
  )
}
