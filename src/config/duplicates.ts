import { readFileSync } from "node:fs"
import { parse } from "@babel/parser"
import type { Node, ObjectExpression } from "@babel/types"
import type { Report } from "./finding.ts"
import { spanOf } from "./span.ts"

/**
 * Reports keys that come twice in an object literal of a TypeScript or JavaScript config: the first
 * has no effect, and running the file does not show it.
 */
export function reportDuplicates(files: readonly string[], report: Report): void {
  for (const file of files) {
    if (!/\.[mc]?[jt]s$/.test(file) || file.includes("/node_modules/")) continue
    const text = readFileSync(file, "utf8")
    const tree = treeOf(text)
    if (!tree) continue
    for (const literal of literalsIn(tree)) {
      for (const { name, key } of repeated(literal)) {
        report({
          code: "LR2011",
          site: spanOf(file, text, key.start ?? 0, key.end ?? 0),
          message: `the key \`${name}\` comes twice`,
          why: "the last one wins and the other has no effect",
          hint: "remove or rename one of them",
        })
      }
    }
  }
}

function treeOf(text: string): Node | undefined {
  try {
    return parse(text, {
      sourceType: "module",
      plugins: ["typescript"],
      attachComment: false,
      errorRecovery: true,
    }).program
  } catch {
    // It ran, so it is fine; this parser only knows less than the one that ran it.
    return undefined
  }
}

function repeated(literal: ObjectExpression): { name: string; key: Node }[] {
  const seen = new Set<string>()
  const twice: { name: string; key: Node }[] = []
  for (const property of literal.properties) {
    if (property.type === "SpreadElement" || property.computed) continue
    const { key } = property
    const name =
      key.type === "Identifier" ? key.name : key.type === "StringLiteral" ? key.value : undefined
    if (name === undefined) continue
    if (seen.has(name)) twice.push({ name, key })
    seen.add(name)
  }
  return twice
}

function* literalsIn(node: Node): Generator<ObjectExpression> {
  if (node.type === "ObjectExpression") yield node
  for (const part of Object.values(node).flat()) {
    if (isNode(part)) yield* literalsIn(part)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value
}
