import type { Filter } from "./filter.ts"

/** Whether a deployment runs where the request has to stay; of an unknown place that cannot be said. */
export const region: Filter = {
  name: "region",
  scope: "deployment",
  checker({ region: wanted }) {
    if (wanted === undefined) return undefined
    return ({ deployment }) => {
      const { region } = deployment
      if (region === undefined) return { why: `is not known to run in ${wanted}` }
      return isIn(region, wanted) ? undefined : { why: `runs in ${region}, not in ${wanted}` }
    }
  },
}

/** `eu-west-1` is in `eu-west` and in `eu`; `europe-west4` is in neither. */
function isIn(region: string, wanted: string): boolean {
  if (region === wanted) return true
  const [own, asked] = [region.toLowerCase(), wanted.toLowerCase()]
  return own === asked || own.startsWith(`${asked}-`)
}
