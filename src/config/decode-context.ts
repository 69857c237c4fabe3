import type { TSchema } from "@sinclair/typebox"
import { describe, type Node } from "./decode-schema.ts"
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
  const wanted = describe(node)
  const one = node.type === "array" || node.anyOf?.some((branch) => branch.type === "array")
  const scalar =
    typeof value === "string" || typeof value === "number" || value instanceof SecretRef
  const hint =
    value === null
      ? "remove it to get the default, or give it a value"
      : one && scalar
        ? `write it as a list: [${show(value)}]`
        : typeof value === "string" && /number/.test(wanted) && /^-?\d+(\.\d+)?$/.test(value)
          ? `write it without quotes: ${value}`
          : typeof value === "string" &&
              /true or false/.test(wanted) &&
              /^(true|false)$/.test(value)
            ? `write it without quotes: ${value}`
            : undefined
  context.report({
    code: "LR2022",
    path,
    message: `${describePlace(path)} takes ${wanted}, not ${show(value)}`,
    ...(node.description && { why: node.description }),
    ...(hint && { hint }),
  })
  return undefined
}

/** A path as messages name it. */
export function describePlace(path: Path): string {
  return path.length === 0 ? "the config" : `\`${printPath(path)}\``
}
