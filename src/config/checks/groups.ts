import type { Path } from "../finding.ts"
import { parseModelRef } from "../model-ref.ts"
import type { ParsedConfig, ParsedGroup, ParsedModel } from "../parsed.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"
import { checkEffects } from "./effects.ts"
import { checkFallbacks } from "./fallbacks.ts"
import { checkGroupName } from "./group-name.ts"
import { checkModelText, checkTarget } from "./models.ts"
import { checkTags } from "./tags.ts"
import { checkTrials } from "./trials.ts"

/** Checks groups: their names, what they point to, and what points to them. */
export function checkGroups(config: ParsedConfig, context: CheckContext): void {
  const names = Object.keys(config.groups ?? {})
  for (const [name, group] of Object.entries(config.groups ?? {})) {
    checkName(name, config.defaultGroup ?? names[0], context)
    if (!group) continue
    const path = ["groups", name]
    if (Array.isArray(group)) checkModels(group, path, config, context)
    else checkGroup(group, path, config, context)
  }
  checkFallbacks(config, context)
  if (config.defaultGroup !== undefined) {
    checkGroupName(config.defaultGroup, ["defaultGroup"], config, context)
  }
  if (config.unknownModel === "default" && names.length === 0) {
    context.report({
      code: "LR2052",
      path: ["unknownModel"],
      message: "unknown models cannot go to the default group: there are no groups",
      hint: 'add a group, or write `unknownModel: "error"`',
    })
  }
}

function checkGroup(
  group: ParsedGroup,
  path: Path,
  config: ParsedConfig,
  context: CheckContext,
): void {
  checkModels(group.models ?? [], [...path, "models"], config, context)
  checkEffects(group, path, config, context)
  if (group.mirror?.group === undefined) return
  const at = [...path, "mirror", "group"]
  if (group.mirror.group !== path.at(-1)) {
    checkGroupName(group.mirror.group, at, config, context)
    return
  }
  context.report({
    code: "LR2057",
    path: at,
    message: `the group ${show(group.mirror.group)} is mirrored to itself`,
    why: "every copy would be another request for the same upstreams",
    hint: "name another group, or remove `mirror`",
  })
}

function checkModels(
  models: readonly (ParsedModel | undefined)[],
  path: Path,
  config: ParsedConfig,
  context: CheckContext,
): void {
  checkTrials(models, path, context)
  const seen = new Map<string, number>()
  for (const [index, model] of models.entries()) {
    if (model === undefined) continue
    const at = [...path, index]
    if (typeof model === "string") checkModelText(model, at, config, context)
    else checkTarget(model, at, config, context)
    if (typeof model === "object") checkTags(model.tags, [...at, "tags"], context)
    const target = typeof model === "string" ? parseModelRef(model) : model
    if (!target?.provider || !target.model) continue
    const id = `${target.provider}/${target.model}`
    const first = seen.get(id)
    if (first === undefined) seen.set(id, index)
    else {
      context.report({
        code: "LR2046",
        path: at,
        message: `${show(id)} is in this group twice, at ${first} and ${index}`,
        why: "a deployment is its provider and its model, with one weight and one health",
        hint: "remove one; a `weight` gives the other a larger share",
      })
    }
  }
}

function checkName(name: string, defaultGroup: string | undefined, { report }: CheckContext): void {
  const wrong = name === "" ? "is empty" : /[/$\s]/.exec(name)?.[0]
  if (wrong !== undefined) {
    report({
      code: "LR2048",
      path: ["groups", name],
      at: "key",
      message: name === "" ? "a group's name is empty" : `a group cannot be named ${show(name)}`,
      why: "callers write `group`, `group$0` for one of its channels and `provider/model`, so a name has no `/`, `$` or space",
      hint: name === "" ? "name it" : `rename it, for example \`${name.replace(/[/$\s]+/g, "-")}\``,
    })
  } else if (name === "auto" && defaultGroup !== name) {
    report({
      code: "LR2053",
      path: ["groups", name],
      at: "key",
      message: 'the group "auto" could never be reached',
      why: "`auto` always means the default group",
      hint: 'rename it, or add `defaultGroup: "auto"`',
    })
  }
}
