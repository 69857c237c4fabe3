import type { Path } from "../finding.ts"
import { parseModelRef } from "../model-ref.ts"
import { regionOf } from "../normalise-provider.ts"
import type { ParsedCallerKey, ParsedConfig, ParsedDeployment } from "../parsed.ts"
import { present } from "../present.ts"
import { show } from "../redact.ts"
import { didYouMean } from "../suggest.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks that some deployment can serve a caller whose key says tags or a region. */
export function checkReach(
  { groups, tags, region }: ParsedCallerKey,
  path: Path,
  config: ParsedConfig,
  context: CheckContext,
): void {
  const reachable = Object.entries(config.groups ?? {}).flatMap(([name, group]) =>
    !group || (groups && !groups.includes(name)) ? [] : [group],
  )
  const wishes = reachable.some((group) => !Array.isArray(group) && group.tagMatch === "preferred")
  const deployments = reachable
    .flatMap((group) => present(Array.isArray(group) ? group : group.models))
    .map(
      (model): ParsedDeployment =>
        typeof model === "string" ? (parseModelRef(model) ?? {}) : model,
    )
  const known = [...new Set(deployments.flatMap((deployment) => present(deployment.tags)))]
  for (const [index, tag] of (tags ?? []).entries()) {
    if (tag === undefined || wishes || known.includes(tag)) continue
    context.report({
      code: "LR2059",
      path: [...path, "tags", index],
      message: `no deployment that this caller may use has the tag ${show(tag)}`,
      why: "every request with this key has the tag, and none would be answered",
      hint: didYouMean(tag, known, "tags") || "give the tag to a deployment, or remove it here",
    })
  }
  if (region === undefined) return
  const regions = [
    ...new Set(
      deployments.flatMap(({ provider = "", region: own }) => {
        const place = own ?? regionOf(config.providers?.[provider] ?? {})
        return place === undefined ? [] : [place]
      }),
    ),
  ]
  if (regions.some((place) => place === region || place.startsWith(`${region}-`))) return
  context.report({
    code: "LR2059",
    path: [...path, "region"],
    message: `no deployment that this caller may use is known to be in the region ${show(region)}`,
    why: "every request with this key stays there, and none would be answered",
    hint: didYouMean(region, regions, "regions") || "give `region` to a provider or a deployment",
  })
}
