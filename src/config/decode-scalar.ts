import { Secret } from "../core/secret.ts"
import { parseDuration, parseSize } from "../core/units.ts"
import { correctDuration, correctSize } from "./correct-units.ts"
import { type DecodeContext, describePlace, wrongType } from "./decode-context.ts"
import { describe, isPlainObject, isScalar, type Node, takesFunction } from "./decode-schema.ts"
import { decodeMoney } from "./decode-money.ts"
import { decodePattern } from "./decode-pattern.ts"
import { fillIn } from "./fill-in.ts"
import type { Path } from "./finding.ts"
import { placeholderSecret } from "./placeholders.ts"
import { show } from "./redact.ts"
import { SecretRef } from "./secret-ref.ts"

/** Decodes what has no parts: text, numbers, amounts, secrets, patterns, functions and free values. */
export function decodeScalar(
  node: Node,
  value: unknown,
  path: Path,
  context: DecodeContext,
): unknown {
  if (node.kind === "secret") return decodeSecret(node, value, path, context)
  if (isScalar(node)) return decodeAmount(node, value, path, context)
  if (node.kind === "money") return decodeMoney(node, value, path, context)
  if (node.kind === "pattern") return decodePattern(node, value, path, context)
  if (takesFunction(node)) {
    return typeof value === "function" ? value : wrongType(node, value, path, context)
  }
  if (node.literal !== undefined) {
    return value === node.literal ? value : wrongType(node, value, path, context)
  }
  switch (node.type) {
    case "string":
      return decodeText(node, value, path, context)
    case "number":
    case "integer":
      return decodeNumber(node, value, path, context)
    case "boolean":
      return typeof value === "boolean" ? value : wrongType(node, value, path, context)
    default:
      return decodeFree(value, path, context)
  }
}

function decodeSecret(node: Node, value: unknown, path: Path, context: DecodeContext): unknown {
  if (value instanceof SecretRef) return context.secret(value)
  if (value instanceof Secret) return value
  if (typeof value !== "string") return wrongType(node, value, path, context)
  if (!context.expand) return context.literal(value, path)
  const ref = placeholderSecret(value)
  if (ref) return context.secret(ref)
  const expanded = context.expand(value)
  if ("text" in expanded) return context.literal(expanded.text, path)
  context.report({
    code: "LR2014",
    path,
    part: { start: expanded.start, length: expanded.length },
    message:
      expanded.problem === "missing"
        ? `the environment variable ${expanded.name} is not set`
        : `\`\${${expanded.name}}\` cannot be used inside other text`,
    hint: `use \`\${NAME}\`, \`\${NAME:-default}\` or \`\${file:/path}\`, the last as the whole value`,
  })
  return undefined
}

function decodeAmount(node: Node, value: unknown, path: Path, context: DecodeContext): unknown {
  const isSize = node.kind === "size"
  if (typeof value !== "string" && typeof value !== "number") {
    return wrongType(node, value, path, context)
  }
  const amount = isSize ? parseSize(value) : parseDuration(value)
  if (amount !== undefined && amount >= (isSize ? 1 : (node.minimum ?? 0))) return amount
  if (amount !== undefined && !isSize) {
    context.report({
      code: "LR2023",
      path,
      message: `${describePlace(path)} takes a duration above 0, not ${show(value)}`,
      ...(node.description && { why: node.description }),
      hint: exampleOf(node),
    })
    return undefined
  }
  const text = String(value)
  const correct = isSize ? correctSize(text) : correctDuration(text)
  context.report({
    code: isSize ? "LR2026" : "LR2025",
    path,
    message: `${describePlace(path)} takes ${describe(node)}, not ${show(value)}`,
    why: isSize
      ? "a size is a number and b, kb, mb or gb, or a whole number of bytes"
      : "a duration is a number and ms, s, m, h or d, or a number of milliseconds",
    hint: correct ? `did you mean \`"${correct}"\`?` : exampleOf(node),
  })
  return undefined
}

function exampleOf({ default: value }: Node): string {
  return value === undefined ? 'such as `"30s"`' : `for example \`"${value}"\`, the default`
}

function decodeText(node: Node, value: unknown, path: Path, context: DecodeContext): unknown {
  if (typeof value !== "string") return wrongType(node, value, path, context)
  if (value.length >= (node.minLength ?? 0)) return value
  context.report({
    code: "LR2023",
    path,
    message: `${describePlace(path)} is empty`,
    ...(node.description && { why: node.description }),
    hint: "give it a value, or remove it",
  })
  return undefined
}

function decodeNumber(node: Node, value: unknown, path: Path, context: DecodeContext): unknown {
  if (typeof value !== "number" || Number.isNaN(value)) return wrongType(node, value, path, context)
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = node
  const whole = node.type !== "integer" || Number.isInteger(value)
  if (whole && value >= minimum && value <= maximum) return value
  const range =
    node.maximum !== undefined
      ? ` from ${node.minimum ?? "any"} to ${node.maximum}`
      : node.minimum !== undefined
        ? ` of at least ${node.minimum}`
        : ""
  context.report({
    code: "LR2023",
    path,
    message: `${describePlace(path)} takes ${describe(node)}${range}, not ${value}`,
    ...(node.description && { why: node.description }),
    ...(node.default !== undefined && { hint: `the default is ${JSON.stringify(node.default)}` }),
  })
  return undefined
}

/** A value that the router passes on: anything that JSON can say. */
function decodeFree(value: unknown, path: Path, context: DecodeContext): unknown {
  if (typeof value === "string") return fillIn(true, value, path, context)
  if (Array.isArray(value)) {
    return value.map((item, index) => decodeFree(item, [...path, index], context))
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, decodeFree(item, [...path, key], context)]),
    )
  }
  const json =
    value === null ||
    value === undefined ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  if (json) return value
  context.report({
    code: "LR2022",
    path,
    message: `${describePlace(path)} takes what JSON can say, not ${show(value)}`,
    ...(value instanceof SecretRef && {
      why: "env() and file() make secrets, which are only read where a key or a header goes",
      site: value.site,
    }),
  })
  return undefined
}
