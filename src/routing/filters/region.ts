import type { Filter } from "./filter.ts"

/** Whether a deployment runs where the request has to stay; of an unknown place that cannot be said. */
export const region: Filter = {
  name: "region",
  scope: "deployment",
  binding: true,
  checker({ region: wanted }) {
    if (wanted === undefined) return undefined
    const asked = wanted.toLowerCase()
    return ({ deployment }) => {
      const { region } = deployment
      if (region === undefined) return { why: `is not known to run in ${wanted}` }
      return isIn(region, asked) ? undefined : { why: `runs in ${region}, not in ${wanted}` }
    }
  },
}

/** `eu-west-1` is in `eu-west` and in `eu`; `europe-west4` is in neither. */
function isIn(region: string, asked: string): boolean {
  const own = region.toLowerCase()
  return own.startsWith(asked) && (own.length === asked.length || own[asked.length] === "-")
}
