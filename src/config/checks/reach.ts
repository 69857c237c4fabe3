import type { Path } from "../finding.ts"
import { parseModelRef } from "../model-ref.ts"
import { regionOf } from "../normalise-provider.ts"
import type { ParsedCallerKey, ParsedConfig, ParsedDeployment, ParsedGroup } from "../parsed.ts"
import { present } from "../present.ts"
import { show } from "../redact.ts"
import { didYouMean } from "../suggest.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks that some deployment can serve a caller whose key says tags or a region. */
export function checkReach(
  caller: ParsedCallerKey,
  path: Path,
  config: ParsedConfig,
  context: CheckContext,
): void {
  const { groups, tags = [], region } = caller
  const reachable = Object.entries(config.groups ?? {}).flatMap(([name, group]): ParsedGroup[] =>
    !group || (groups && !groups.includes(name))
      ? []
      : [Array.isArray(group) ? { models: group } : group],
  )
  const deployments = reachable
    .flatMap(({ models }) => present(models))
    .map(
      (model): ParsedDeployment =>
        typeof model === "string" ? (parseModelRef(model) ?? {}) : model,
    )
  if (tags.length > 0 && !reachable.some(({ tagMatch }) => tagMatch === "preferred")) {
    checkTagsServed(tags, [...path, "tags"], deployments, context)
  }
  if (region === undefined) return
  const places = deployments.map(({ provider = "", region: own }) => ({ provider, own }))
  // Without a list of groups a caller may also write `provider/model`.
  const direct = groups ? [] : Object.keys(config.providers ?? {})
  const regions = [...places, ...direct.map((provider) => ({ provider, own: undefined }))].map(
    ({ provider, own }) => own ?? regionOf(config.providers?.[provider] ?? {}),
  )
  checkRegionServed(region, [...path, "region"], [...new Set(present(regions))], context)
}

function checkTagsServed(
  tags: readonly (string | undefined)[],
  path: Path,
  deployments: readonly ParsedDeployment[],
  { report }: CheckContext,
): void {
  const known = [...new Set(deployments.flatMap((deployment) => present(deployment.tags)))]
  const wanted = present(tags)
  const strange = wanted.find((tag) => !known.includes(tag))
  if (strange !== undefined) {
    report({
      code: "LR2059",
      path: [...path, tags.indexOf(strange)],
      message: `no deployment that this caller may use has the tag ${show(strange)}`,
      why: "every request with this key has the tag, and none would be answered",
      hint: didYouMean(strange, known, "tags") || "give the tag to a deployment, or remove it here",
    })
  } else if (!deployments.some((one) => wanted.every((tag) => one.tags?.includes(tag)))) {
    report({
      code: "LR2059",
      path,
      message: `no deployment that this caller may use has all of these tags: ${wanted.map(show).join(", ")}`,
      why: "every request with this key has them all, and none would be answered",
      hint: "give them all to a deployment, or remove some here",
    })
  }
}

function checkRegionServed(
  region: string,
  path: Path,
  regions: readonly string[],
  { report }: CheckContext,
): void {
  const wanted = `${region}-`.toLowerCase()
  if (regions.some((place) => `${place}-`.toLowerCase().startsWith(wanted))) return
  report({
    code: "LR2059",
    path,
    message: `no deployment that this caller may use is known to be in the region ${show(region)}`,
    why: "every request with this key stays there, and none would be answered",
    hint: didYouMean(region, regions, "regions") || "give `region` to a provider or a deployment",
  })
}
