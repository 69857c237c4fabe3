import { readFileSync } from "node:fs"
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node, parseDocument } from "yaml"
import { type Locate, spanOf } from "./span.ts"

/** Finds values of a YAML config by the ranges of its nodes, through aliases and merge keys. */
export function createYamlLocator(file: string): Locate {
  const text = readFileSync(file, "utf8")
  const document = parseDocument(text, { prettyErrors: false, merge: true })

  const resolved = (node: unknown): Node | undefined => {
    const target = isAlias(node) ? node.resolve(document) : node
    return isNode(target) ? target : undefined
  }

  const member = (node: Node, step: string | number): { key?: Node; value?: Node } | undefined => {
    if (isSeq(node) && typeof step === "number") {
      const value = resolved(node.items[step])
      return value && { value }
    }
    if (!isMap(node)) return undefined
    for (const pair of node.items.toReversed()) {
      if (!isPair(pair) || !isScalar(pair.key)) continue
      if (String(pair.key.value) === String(step)) {
        const value = resolved(pair.value)
        return { key: pair.key, ...(value && { value }) }
      }
      if (pair.key.value !== "<<") continue
      const merged = resolved(pair.value)
      const sources = isSeq(merged) ? merged.items.map(resolved) : [merged]
      for (const source of sources) {
        const found = source && member(source, step)
        if (found) return found
      }
    }
    return undefined
  }

  return ({ path, at, part }) => {
    let node: Node | undefined = document.contents ?? undefined
    let key: Node | undefined
    for (const step of path) {
      const found: ReturnType<typeof member> = node && member(node, step)
      if (!found) break
      key = found.key
      node = found.value ?? found.key
    }
    const shown = at === "key" ? (key ?? node) : (node ?? key)
    const range = shown?.range
    if (!range) return undefined
    let [start, end] = range
    if (part && isScalar(shown)) {
      const quoted = /^["']/.test(text.slice(start, end)) ? 1 : 0
      start += quoted + part.start
      end = start + part.length
    }
    return spanOf(file, text, start, end)
  }
}
