import type { Deployment, Need, Needs } from "../../core/routing.ts"
import type { Against, Filter } from "./filter.ts"

/** What a request is still worth answering without: it is left out, and the caller is told. */
const SPARED: ReadonlySet<Need> = new Set<Need>(["reasoning", "parallel-tools", "json-schema"])

/** Whether a model can do what the request needs. */
export const capability: Filter = {
  name: "capability",
  scope: "deployment",
  checker:
    ({ needs }) =>
    ({ deployment }) =>
      deployment.lacks.length === 0 ? undefined : against(deployment, needs),
}

function against({ lacks, denies = [] }: Deployment, needs: Needs): Against | undefined {
  const missing = lacks.filter((need) => needs.has(need))
  if (missing.length === 0) return undefined
  const why = `lacks ${missing.join(" and ")}`
  if (missing.every((need) => SPARED.has(need))) return { why, soft: true }
  if (missing.some((need) => denies.includes(need) && !SPARED.has(need))) return { why }
  return { why, guess: missing.length }
}
