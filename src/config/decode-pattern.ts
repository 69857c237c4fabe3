import { type DecodeContext, describePlace, wrongType } from "./decode-context.ts"
import type { Node } from "./decode-schema.ts"
import type { Path } from "./finding.ts"
import { show } from "./redact.ts"

/**
 * Decodes what is looked for in a text: a regular expression, or plain text, which is found in any case.
 * JSON and YAML have no regular expressions, so there a text between slashes is one.
 */
export function decodePattern(
  node: Node,
  value: unknown,
  path: Path,
  context: DecodeContext,
): RegExp | undefined {
  // With `g` or `y` one would remember where it found something last.
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ""))
  if (typeof value !== "string") return wrongType(node, value, path, context)
  const slashes = SLASHES.exec(value)
  if (slashes && context.expand) return compile(slashes[1]!, slashes[2]!, path, context)
  if (value === "") {
    context.report({
      code: "LR2023",
      path,
      message: `${describePlace(path)} is empty`,
      why: "an empty text is in every text",
      hint: "give it a value, or remove it",
    })
    return undefined
  }
  if (slashes) {
    context.report({
      code: "LR2039",
      path,
      message: `${describePlace(path)} is the plain text ${show(value)}, slashes and all`,
      why: "a text is looked for as it stands",
      hint: `write it without quotes: ${show(value).slice(1, -1)}`,
    })
  }
  return new RegExp(RegExp.escape(value), "i")
}

const SLASHES = /^\/(.+)\/([dgimsuvy]*)$/s

function compile(
  source: string,
  flags: string,
  path: Path,
  { report }: DecodeContext,
): RegExp | undefined {
  try {
    return new RegExp(source, flags.replace(/[gy]/g, ""))
  } catch (error) {
    report({
      code: "LR2038",
      path,
      message: `${describePlace(path)} is not a regular expression: ${show(`/${source}/${flags}`)}`,
      why: error instanceof Error ? error.message : String(error),
      hint: "to find the text as it stands, write it without slashes",
    })
    return undefined
  }
}
