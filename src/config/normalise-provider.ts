import { PLAIN_PROVIDER } from "../core/plain-settings.ts"
import { Secret } from "../core/secret.ts"
import { type ProviderDefinition, worksWithoutKey } from "../core/provider.ts"
import type { ErrorRule, ProviderSettings } from "../core/settings.ts"
import { providers } from "../providers/index.ts"
import type { Environment } from "./environment.ts"
import type { ParsedErrorRule, ParsedProvider } from "./parsed.ts"
import { present } from "./present.ts"

/** One provider with its defaults: the type's base URL, keys from its well-known variables. */
export function normaliseProvider(
  name: string,
  provider: ParsedProvider,
  environment: Environment,
): ProviderSettings {
  const definition = providers.get(provider.type ?? "")
  const { keys, missingKeys } = providerKeys(provider, definition, environment)
  const options: Record<string, string> = {}
  for (const option of Object.keys(definition?.options ?? {})) {
    const value = provider[option]
    if (typeof value === "string") options[option] = value
  }
  return {
    name,
    type: provider.type ?? "",
    baseUrl: (provider.baseUrl ?? definition?.baseUrl)?.replace(/\/+$/, ""),
    keys,
    missingKeys,
    models: present(provider.models),
    headers: Object.fromEntries(
      Object.entries(provider.headers ?? {}).flatMap(([header, value]) =>
        value instanceof Secret ? [[header, value]] : [],
      ),
    ),
    extraBody: Object.fromEntries(
      Object.entries(provider.extraBody ?? {}).flatMap(([field, value]) =>
        value === undefined ? [] : [[field, JSON.stringify(value)]],
      ),
    ),
    passHeaders: present(provider.passHeaders).map((header) => header.toLowerCase()),
    protocols: present(provider.protocols),
    proxy: provider.proxy,
    timeouts: provider.timeouts ?? {},
    region: regionOf(provider),
    budget: provider.budget,
    errors: present(provider.errors).map(normaliseRule),
    errorMatchers: present(provider.errorMatchers),
    probe: provider.probe ?? PLAIN_PROVIDER.probe,
    options,
  }
}

/** Where a provider's models run; some types have an option for that, by one of these names. */
export function regionOf(provider: ParsedProvider): string | undefined {
  const { location } = provider
  return provider.region || (typeof location === "string" && location) || undefined
}

function normaliseRule(rule: ParsedErrorRule): ErrorRule {
  const { status = [], body, phase, then, breaker, cooldown } = rule
  const statuses = typeof status === "number" ? [status] : present(status)
  return { status: statuses, body, phase, then, breaker, cooldown }
}

/** The keys of a provider, and the origins that had none when it needs one. */
export function providerKeys(
  provider: ParsedProvider,
  definition: ProviderDefinition | undefined,
  environment: Environment,
): { keys: readonly Secret[]; missingKeys: readonly string[] } {
  const needed = definition !== undefined && !worksWithoutKey(definition, provider)
  if (provider.keys) {
    const listed = present(provider.keys)
    const keys = listed.filter((key) => key instanceof Secret)
    const missing = listed.flatMap((key) => (key instanceof Secret ? [] : [key.origin]))
    const why = listed.length === 0 ? ["`keys` is empty"] : missing
    return { keys, missingKeys: needed && keys.length === 0 ? why : [] }
  }
  for (const variable of definition?.env ?? []) {
    const value = environment.get(variable)
    if (value) return { keys: [new Secret(value, `env ${variable}`)], missingKeys: [] }
  }
  const looked = (definition?.env ?? []).map((variable) => `env ${variable}`)
  return { keys: [], missingKeys: needed ? looked : [] }
}
