import { strategies } from "../routing/strategies/index.ts"
import { type DecodeContext, describePlace, wrongType } from "./decode-context.ts"
import {
  describe,
  isPlainObject,
  isScalar,
  type Node,
  schemaNode,
  takesFunction,
} from "./decode-schema.ts"
import type { Path } from "./finding.ts"
import { show } from "./redact.ts"
import { bestGuess, didYouMean } from "./suggest.ts"

/** Decodes by the branch that the value looks like, so that mistakes are reported inside it. */
export function decodeUnion(
  node: Node,
  value: unknown,
  path: Path,
  context: DecodeContext,
): unknown {
  const branches = node.anyOf!
  if (isPlainObject(value)) {
    const objects = branches.filter((branch) => branch.type === "object")
    const [only, another] = objects
    if (!only) return wrongType(node, value, path, context)
    return another
      ? decodeTagged(objects, value, path, context)
      : context.decode(only.schema, value, path)
  }
  const branch = branches.find((candidate) => accepts(candidate, value))
  if (!branch && branches.every(({ literal }) => literal !== undefined)) {
    return rejectChoice(node, value, path, context)
  }
  if (typeof value === "string" && branch?.literal === undefined) {
    // Words beside something else: `"p95"` or a duration, a strategy's name or a function.
    const words = wordsOf(node)
    const isWord = branch ? /^[a-z]/i.test(value) && bestGuess(value, words) : words.length > 0
    if (isWord) return rejectChoice(node, value, path, context)
  }
  return branch ? context.decode(branch.schema, value, path) : wrongType(node, value, path, context)
}

function accepts(branch: Node, value: unknown): boolean {
  if (branch.literal !== undefined) return branch.literal === value
  if (branch.kind === "secret") return typeof value !== "number" && typeof value !== "boolean"
  if (takesFunction(branch)) return typeof value === "function"
  if (branch.kind === "pattern") return typeof value === "string" || value instanceof RegExp
  if (isScalar(branch)) return typeof value === "string" || typeof value === "number"
  if (branch.type === "array") return Array.isArray(value)
  if (branch.type === "integer") return typeof value === "number"
  return branch.type === typeof value
}

function wordsOf({ anyOf = [] }: Node): string[] {
  return anyOf.flatMap(({ literal }) => (typeof literal === "string" ? [literal] : []))
}

function rejectChoice(node: Node, value: unknown, path: Path, context: DecodeContext): undefined {
  const isStrategy = node.kind === "strategy"
  const names = wordsOf(node)
  const choices = isStrategy
    ? // Their aliases are understood, and so also guessed, but nobody has to choose from them.
      `one of ${quoted(Object.keys(strategies))}, or a function`
    : node.anyOf!.every(({ literal }) => literal !== undefined)
      ? `one of ${quoted(node.anyOf!.map(({ literal }) => literal))}`
      : describe(node)
  context.report({
    code: isStrategy ? "LR2054" : "LR2024",
    path,
    message: isStrategy
      ? `there is no strategy ${show(value)}`
      : `${describePlace(path)} cannot be ${show(value)}`,
    why: `it is ${choices}`,
    hint:
      typeof value === "string" && bestGuess(value, names) !== undefined
        ? didYouMean(value, names, "choices")
        : node.default === undefined
          ? "write one of these, or remove it"
          : `the default is \`${JSON.stringify(node.default)}\``,
  })
  return undefined
}

function quoted(values: readonly unknown[]): string {
  return values.map((value) => `\`${JSON.stringify(value)}\``).join(", ")
}

/** One of several kinds of object, told apart by a key with a fixed value, such as `type`. */
function decodeTagged(
  branches: readonly Node[],
  value: Record<string, unknown>,
  path: Path,
  context: DecodeContext,
): unknown {
  const tag = tagOf(branches[0]!)
  const byName = new Map(
    branches.map((branch) => [String(schemaNode(branch.properties![tag]!).literal), branch]),
  )
  const given = value[tag]
  const chosen = typeof given === "string" ? byName.get(given) : undefined
  if (chosen) return context.decode(chosen.schema, value, path)
  const names = [...byName.keys()]
  const owner = String(path.at(-1))
  if (given === undefined) {
    const guess = byName.has(owner) ? owner : bestGuess(owner, names)
    context.report({
      code: "LR2021",
      path,
      at: "key",
      message: `${describePlace(path)} has no \`${tag}\``,
      why: `every provider says what it is: ${names.slice(0, 4).join(", ")} or one of ${names.length - 4} more`,
      hint: `add \`${tag}: "${guess ?? names[0]}"\``,
    })
    return guess ? decodeAs(byName.get(guess)!, tag) : {}
  }
  context.report({
    code: "LR2031",
    path: [...path, tag],
    message: `there is no provider type ${show(given)}`,
    hint:
      typeof given === "string" ? didYouMean(given, names, "types") : `types: ${names.join(", ")}`,
  })
  const guess = typeof given === "string" ? bestGuess(given, names) : undefined
  return guess ? decodeAs(byName.get(guess)!, tag) : {}

  // The rest is checked as what was probably meant, so that all mistakes come at once.
  function decodeAs(branch: Node, key: string): unknown {
    const meant = String(schemaNode(branch.properties![key]!).literal)
    const decoded = context.decode(branch.schema, { ...value, [key]: meant }, path)
    return { ...(decoded as object), [key]: undefined }
  }
}

function tagOf(branch: Node): string {
  const tag = Object.entries(branch.properties ?? {}).find(
    ([, schema]) => schemaNode(schema).literal !== undefined,
  )
  if (!tag) throw new Error("a union of objects needs a key with a fixed value")
  return tag[0]
}
