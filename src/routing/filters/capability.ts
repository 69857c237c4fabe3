import type { Deployment, Need, Needs } from "../../core/routing.ts"
import type { Against, Filter } from "./filter.ts"

/** What a request is still worth answering without: it is left out, and the caller is told. */
const SPARED: ReadonlySet<Need> = new Set<Need>(["reasoning", "parallel-tools", "json-schema"])

/** Whether a model can do what the request needs. */
export const capability: Filter = {
  name: "capability",
  scope: "deployment",
  concerns: ({ lacks }) => lacks.length > 0,
  checker:
    ({ needs }) =>
    ({ deployment }) =>
      deployment.lacks.some((need) => needs.has(need)) ? against(deployment, needs) : undefined,
}

function against({ lacks, denies = [] }: Deployment, needs: Needs): Against {
  const missing = lacks.filter((need) => needs.has(need))
  const why = `lacks ${missing.join(" and ")}`
  if (missing.every((need) => SPARED.has(need))) return { why, soft: true }
  if (missing.some((need) => denies.includes(need) && !SPARED.has(need))) return { why }
  return { why, guess: missing.length }
}
