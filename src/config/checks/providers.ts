import { providers } from "../../providers/index.ts"
import { type Path, printPath } from "../finding.ts"
import type { ParsedConfig, ParsedProvider } from "../parsed.ts"
import { show } from "../redact.ts"
import { type CheckContext, requireSecret } from "./check-context.ts"
import { checkHeaderName, checkHeaderValue } from "./headers.ts"
import { checkProviderKeys } from "./provider-keys.ts"
import { checkUpstreamErrors } from "./upstream-errors.ts"
import { checkBaseUrl, checkProxy } from "./urls.ts"

/** Checks every provider by itself. */
export function checkProviders(config: ParsedConfig, context: CheckContext): void {
  if (!config.providers) return
  const entries = Object.entries(config.providers)
  if (entries.length === 0) {
    context.report({
      code: "LR2050",
      path: ["providers"],
      message: "there are no providers",
      why: "without one, no request can be answered",
      hint: 'add one, such as `demo: { type: "demo" }`',
    })
  }
  for (const [name, provider] of entries) {
    checkName(name, context)
    if (provider) checkProvider(["providers", name], provider, context)
  }
}

function checkProvider(path: Path, provider: ParsedProvider, context: CheckContext): void {
  const definition = providers.get(provider.type ?? "")
  for (const choices of definition?.needs ?? []) {
    if (choices.some((choice) => provider[choice] !== undefined)) continue
    const names = choices.map((choice) => `\`${choice}\``).join(" or ")
    context.report({
      code: "LR2021",
      path,
      at: "key",
      message: `\`${printPath(path)}\` has no ${names}, and needs one`,
      why: definition?.options?.[choices[0]!] ?? "without it there is no address to call",
      hint: `add ${names}`,
    })
  }
  if (provider.baseUrl !== undefined) {
    checkBaseUrl(provider.baseUrl, [...path, "baseUrl"], definition, context)
  }
  if (provider.proxy !== undefined) checkProxy(provider.proxy, [...path, "proxy"], context)
  for (const [header, value] of Object.entries(provider.headers ?? {})) {
    const at = [...path, "headers", header]
    checkHeaderName(header, at, "key", context)
    requireSecret(value, at, `the header ${show(header)}`, context)
    checkHeaderValue(value, at, context)
  }
  for (const [index, header] of (provider.passHeaders ?? []).entries()) {
    if (header === undefined) continue
    checkHeaderName(header, [...path, "passHeaders", index], "value", context)
  }
  checkProviderKeys(path, provider, definition, context)
  checkUpstreamErrors(provider, path, context)
}

function checkName(name: string, { report }: CheckContext): void {
  if (name !== "" && !/[/\s]/.test(name)) return
  report({
    code: "LR2049",
    path: ["providers", name],
    at: "key",
    message:
      name === "" ? "a provider's name is empty" : `a provider cannot be named ${show(name)}`,
    why: "in `provider/model` the name ends at the first slash",
    hint: name === "" ? "name it" : `rename it, for example \`${name.replace(/[/\s]+/g, "-")}\``,
  })
}
