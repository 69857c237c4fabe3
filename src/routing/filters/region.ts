import type { Channel } from "../../core/routing.ts"
import type { Against, Filter } from "./filter.ts"

/** Whether a deployment runs where the request has to stay; of an unknown place that cannot be said. */
export const region: Filter = {
  name: "region",
  scope: "deployment",
  binding: true,
  checker: ({ region }) => (region === undefined ? undefined : checkerFor(region)),
}

function checkerFor(wanted: string): (channel: Channel) => Against | undefined {
  const asked = wanted.toLowerCase()
  return ({ deployment: { region } }) => {
    if (region === undefined) return { why: `is not known to run in ${wanted}` }
    return isIn(region, asked) ? undefined : { why: `runs in ${region}, not in ${wanted}` }
  }
}

/** `eu-west-1` is in `eu-west` and in `eu`; `europe-west4` is in neither. */
function isIn(region: string, asked: string): boolean {
  const own = region.toLowerCase()
  return own.startsWith(asked) && (own.length === asked.length || own[asked.length] === "-")
}
