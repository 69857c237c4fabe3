import type { Node } from "@babel/types"
import { type Locate, spanOf } from "./span.ts"
import { type Place, Sources } from "./locate-sources.ts"
import { member, settle } from "./locate-member.ts"

/** Finds values of a TypeScript, JavaScript or JSON config in its syntax tree, across imported files. */
export function createScriptLocator(file: string): Locate {
  const sources = new Sources()
  const root = sources.exported(file, "default")
  return ({ path, at, part }) => {
    if (!root) return undefined
    let place = settle(root, sources)
    let key: Place<Node> | undefined
    for (const step of path) {
      const found = member(place, step, sources)
      if (!found) {
        key = undefined
        break
      }
      key = found.key
      place = settle(found.value, sources)
    }
    const shown: Place<Node> = at === "key" && key ? key : place
    const { node, module } = shown
    let start = node.start ?? 0
    let end = node.end ?? start
    if (part && isPlainText(node, module.text)) {
      start += 1 + part.start
      end = start + part.length
    }
    return spanOf(module.file, module.text, start, end)
  }
}

/** Whether the characters of a text are the ones in the source, so that a part of it can be counted out. */
function isPlainText(node: Node, text: string): boolean {
  const raw = text.slice((node.start ?? 0) + 1, (node.end ?? 0) - 1)
  if (node.type === "StringLiteral") return raw === node.value
  return node.type === "TemplateLiteral" && node.expressions.length === 0 && !raw.includes("\\")
}
