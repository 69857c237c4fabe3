import type { ParsedConfig } from "../parsed.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"
import { checkGroupName } from "./group-name.ts"

const KINDS = ["fallbacks", "contextFallbacks", "contentPolicyFallbacks"] as const

/** A group's fallback: the group that it leads to, and where it stands. */
interface Edge {
  from: string
  kind: (typeof KINDS)[number]
  index: number
  to: string
}

/** Checks that fallbacks exist and never lead back to where they started, whatever their kinds. */
export function checkFallbacks(config: ParsedConfig, context: CheckContext): void {
  const edges = new Map<string, readonly Edge[]>()
  for (const [from, group] of Object.entries(config.groups ?? {})) {
    if (!group || Array.isArray(group)) continue
    const own = KINDS.flatMap((kind) =>
      (group[kind] ?? []).flatMap((to, index) =>
        to === undefined ? [] : { from, kind, index, to },
      ),
    )
    edges.set(from, own)
    for (const edge of own) checkGroupName(edge.to, pathOf(edge), config, context)
  }
  reportLoops(edges, context)
}

function reportLoops(edges: ReadonlyMap<string, readonly Edge[]>, { report }: CheckContext): void {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly Edge[]): void => {
    for (const edge of edges.get(name) ?? []) {
      const back = edge.to === name ? trail.length : trail.findIndex(({ from }) => from === edge.to)
      if (back >= 0) {
        report({
          code: "LR2044",
          path: pathOf(edge),
          message:
            edge.to === name
              ? `the group ${show(name)} falls back to itself`
              : `fallbacks go in a circle: ${printLoop([...trail.slice(back), edge])}`,
          why: "a group that was tried is not tried again in the same request",
          hint: "remove this fallback",
        })
      } else if (!done.has(edge.to)) visit(edge.to, [...trail, edge])
    }
    done.add(name)
  }
  for (const name of edges.keys()) {
    if (!done.has(name)) visit(name, [])
  }
}

/** `"a" → "b" → "a"`; where the kinds of fallbacks differ, each arrow says its own. */
function printLoop(loop: readonly Edge[]): string {
  const mixed = new Set(loop.map(({ kind }) => kind)).size > 1
  const steps = loop.map(({ kind, to }) => `${mixed ? ` –${kind}→ ` : " → "}${show(to)}`)
  return `${show(loop[0]!.from)}${steps.join("")}`
}

function pathOf({ from, kind, index }: Edge) {
  return ["groups", from, kind, index]
}
