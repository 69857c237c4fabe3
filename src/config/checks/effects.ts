import { findStrategy } from "../../routing/strategies/index.ts"
import { type Path, printPath } from "../finding.ts"
import type { ParsedConfig, ParsedGroup, ParsedModel } from "../parsed.ts"
import { parseModelRef } from "../model-ref.ts"
import type { CheckContext } from "./check-context.ts"

/** The strategy for which weight 0 means "always first", not "never". */
const ZERO_IS_FIRST = "least-usage"

/** Checks that a group's settings can have an effect. */
export function checkEffects(
  group: ParsedGroup,
  path: Path,
  config: ParsedConfig,
  context: CheckContext,
): void {
  checkWeights(group, path, context)
  if (group.hedge && group.models && countChannels(group.models, config) === 1) {
    context.report({
      code: "LR2055",
      path: [...path, "hedge"],
      at: "key",
      message: `\`${printPath([...path, "hedge"])}\` has no effect: the group has one channel`,
      why: "the second attempt goes to another deployment or another key",
      hint: "add a deployment or a provider key, or remove it",
    })
  }
}

function checkWeights(
  { models = [], strategy }: ParsedGroup,
  path: Path,
  { report }: CheckContext,
): void {
  const weights = models.map((model) => (typeof model === "object" ? (model.weight ?? 1) : 1))
  if (typeof strategy === "function") return
  if (strategy !== undefined && findStrategy(strategy)?.name === ZERO_IS_FIRST) return
  if (weights.length === 0 || weights.some((weight) => weight > 0)) return
  report({
    code: "LR2051",
    path: [...path, "models"],
    at: "key",
    message: `every deployment of \`${printPath(path)}\` has weight 0`,
    why: "weight 0 takes no share of the traffic, so none could be picked",
    hint: "give at least one a weight above 0",
  })
}

/** Deployments times their keys, also those keys that are not there today. */
function countChannels(
  models: readonly (ParsedModel | undefined)[],
  { providers = {} }: ParsedConfig,
): number {
  let channels = 0
  for (const model of models) {
    const name = (typeof model === "string" ? parseModelRef(model) : model)?.provider ?? ""
    channels += Math.max(1, providers[name]?.keys?.length ?? 1)
  }
  return channels
}
