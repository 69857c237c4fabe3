import type { TSchema } from "@sinclair/typebox"
import { describe, type Node, schemaNode } from "./decode-schema.ts"
import { type Path, printPath, type Report } from "./finding.ts"
import type { Expanded } from "./placeholders.ts"
import { show } from "./redact.ts"
import { SecretRef } from "./secret-ref.ts"
import type { SecretValue } from "./secret-value.ts"

/** What decoding needs to know of the place that the config came from. */
export interface DecodeContext {
  report: Report
  /** Looks a secret up. */
  secret(ref: SecretRef): SecretValue
  /** Takes note of a secret that is written in the config itself. */
  literal(text: string, path: Path): SecretValue
  /** Fills in `${NAME}`; only JSON and YAML have them. */
  expand?(text: string): Expanded
  /** Decodes a part. */
  decode(schema: TSchema, value: unknown, path: Path): unknown
}

/** Reports that a value is of another kind than the schema's. */
export function wrongType(
  node: Node,
  value: unknown,
  path: Path,
  context: DecodeContext,
): undefined {
  const secret = holdsSecrets(node)
  if (secret && typeof value === "string") context.literal(value, path)
  const shown = secret && typeof value === "string" ? "text" : show(value)
  const hint = value === null ? NULL_HINT : hintFor(node, value, secret ? "…" : shown)
  context.report({
    code: "LR2022",
    path,
    message: `${describePlace(path)} takes ${describe(node)}, not ${shown}`,
    ...(node.description && { why: node.description }),
    ...(hint && { hint }),
  })
  return undefined
}

/** A path as messages name it. */
export function describePlace(path: Path): string {
  return path.length === 0 ? "the config" : `\`${printPath(path)}\``
}

const NULL_HINT = "remove it to get the default, or give it a value"

function hintFor(node: Node, value: unknown, shown: string): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && !(value instanceof SecretRef)) {
    return undefined
  }
  if ([node, ...(node.anyOf ?? [])].some(({ type }) => type === "array")) {
    return `write it as a list: [${shown}]`
  }
  const wanted = describe(node)
  const unquoted =
    typeof value === "string" &&
    ((wanted.includes("number") && /^-?\d+(\.\d+)?$/.test(value)) ||
      (wanted.includes("true or false") && /^(true|false)$/.test(value)))
  return unquoted ? `write it without quotes: ${value}` : undefined
}

/** Whether what goes here is secret, so that a wrong value must not show either. */
function holdsSecrets(node: Node): boolean {
  return (
    node.kind === "secret" ||
    (node.anyOf?.some(holdsSecrets) ?? false) ||
    [node.items, node.record].some((part) => part !== undefined && holdsSecrets(schemaNode(part)))
  )
}
