import type { ParsedConfig } from "../parsed.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"
import { checkGroupName } from "./group-name.ts"

/** Checks that fallbacks exist and never lead back to where they started. */
export function checkFallbacks(config: ParsedConfig, context: CheckContext): void {
  const edges = new Map<string, readonly (string | undefined)[]>()
  for (const [name, group] of Object.entries(config.groups ?? {})) {
    if (group && !Array.isArray(group)) edges.set(name, group.fallbacks ?? [])
  }
  for (const [name, fallbacks] of edges) {
    for (const [index, fallback] of fallbacks.entries()) {
      if (fallback === undefined) continue
      checkGroupName(fallback, ["groups", name, "fallbacks", index], config, context)
    }
  }
  reportLoops(edges, context)
}

function reportLoops(
  edges: ReadonlyMap<string, readonly (string | undefined)[]>,
  { report }: CheckContext,
): void {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): void => {
    for (const [index, next] of (edges.get(name) ?? []).entries()) {
      if (next === undefined) continue
      const back = trail.indexOf(next)
      if (back >= 0) {
        const loop = [...trail.slice(back), next].map(show).join(" → ")
        report({
          code: "LR2044",
          path: ["groups", name, "fallbacks", index],
          message:
            next === name
              ? `the group ${show(name)} falls back to itself`
              : `fallbacks go in a circle: ${loop}`,
          why: "a group whose deployments have all failed is not tried again in the same request",
          hint: "remove this fallback",
        })
      } else if (!done.has(next)) visit(next, [...trail, next])
    }
    done.add(name)
  }
  for (const name of edges.keys()) {
    if (!done.has(name)) visit(name, [name])
  }
}
