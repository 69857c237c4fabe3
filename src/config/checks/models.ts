import type { Path } from "../finding.ts"
import { parseModelRef } from "../model-ref.ts"
import type { ParsedConfig, ParsedDeployment } from "../parsed.ts"
import { show } from "../redact.ts"
import { didYouMean } from "../suggest.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks `provider/model`. */
export function checkModelText(
  text: string,
  path: Path,
  config: ParsedConfig,
  { report }: CheckContext,
): void {
  const target = parseModelRef(text)
  if (target) {
    const { provider, model } = target
    if (!checkProviderName(provider, path, { start: 0, length: provider.length }, config, report)) {
      return
    }
    checkModelName(
      target.provider,
      model,
      path,
      { start: provider.length + 1, length: model.length },
      config,
      report,
    )
    return
  }
  report({
    code: "LR2047",
    path,
    message: `${show(text)} is not a deployment: it has no provider and model with a slash between`,
    ...wordHint(text, config),
  })
}

/** Checks the long form of a deployment. */
export function checkTarget(
  target: ParsedDeployment,
  path: Path,
  config: ParsedConfig,
  { report }: CheckContext,
): void {
  const { provider, model } = target
  if (provider === undefined) return
  if (!checkProviderName(provider, [...path, "provider"], undefined, config, report)) return
  if (model !== undefined) {
    checkModelName(provider, model, [...path, "model"], undefined, config, report)
  }
}

type Part = { start: number; length: number } | undefined

function checkProviderName(
  name: string,
  path: Path,
  part: Part,
  config: ParsedConfig,
  report: CheckContext["report"],
): boolean {
  const names = Object.keys(config.providers ?? {})
  // Without any, something else is wrong with `providers`, and that is said already.
  if (names.includes(name) || !config.providers) return true
  report({
    code: "LR2041",
    path,
    ...(part && { part }),
    message: `there is no provider ${show(name)}`,
    why: "the part before the first slash names one of `providers`",
    hint: didYouMean(name, names, "providers"),
  })
  return false
}

function checkModelName(
  provider: string,
  model: string,
  path: Path,
  part: Part,
  config: ParsedConfig,
  report: CheckContext["report"],
): void {
  const listed = config.providers?.[provider]?.models?.filter((known) => known !== undefined) ?? []
  if (listed.length === 0 || listed.includes(model)) return
  report({
    code: "LR2042",
    path,
    ...(part && { part }),
    message: `the provider ${show(provider)} has no model ${show(model)}`,
    why: `\`providers.${provider}.models\` lists what it serves`,
    hint: `${didYouMean(model, listed, "models")} Or add it to the list.`,
  })
}

function wordHint(text: string, config: ParsedConfig): { why?: string; hint: string } {
  if (Object.hasOwn(config.groups ?? {}, text)) {
    return {
      why: `${show(text)} is a group, and a group holds deployments`,
      hint: `to try that group when this one has failed: \`fallbacks: ["${text}"]\``,
    }
  }
  const names = Object.keys(config.providers ?? {})
  const owner = names.find((name) => config.providers?.[name]?.models?.includes(text))
  const plain = text.replace(/^\/+|\/+$/g, "")
  if (names.includes(plain)) return { hint: `add the model: \`"${plain}/<model>"\`` }
  const guess = owner ?? (names.length === 1 ? names[0] : undefined)
  return guess
    ? { hint: `did you mean \`"${guess}/${plain}"\`?` }
    : { hint: `write \`"<provider>/${plain}"\`; ${didYouMean(plain, names, "providers")}` }
}
