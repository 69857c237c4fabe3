import type { ProviderDefinition } from "../core/provider.ts"
import { providers } from "../providers/index.ts"
import type { Environment } from "./environment.ts"

/**
 * The config of a router without a config file: every provider whose well-known variable is set, and
 * the ones that work without a key and offer a model. As a person would have written it.
 */
export function configFromEnvironment(env: Pick<Environment, "get">): Record<string, unknown> {
  const found = [...providers.values()].filter((definition) => isReady(definition, env))
  const groups: Record<string, string[]> = {}
  for (const definition of found) {
    for (const model of definition.starters ?? []) {
      const deployment = `${definition.type}/${model}`
      const name = groupName(model, definition, groups)
      groups[name] = [...(groups[name] ?? []), deployment]
    }
  }
  // With nothing but the embedded upstream, `auto` still answers.
  const everything = [...new Set(Object.values(groups).flat())]
  return {
    providers: Object.fromEntries(found.map(({ type }) => [type, { type }])),
    groups: { auto: everything, ...groups },
    defaultGroup: "auto",
  }
}

function isReady(definition: ProviderDefinition, env: Pick<Environment, "get">): boolean {
  if (definition.baseUrl === undefined) return false
  if (definition.env.some((variable) => env.get(variable) !== undefined)) return true
  return definition.keyless && definition.starters !== undefined
}

/** The bare model name; with the provider's in front where another model has that name. */
function groupName(
  model: string,
  definition: ProviderDefinition,
  taken: Readonly<Record<string, readonly string[]>>,
): string {
  const bare = (model.split("/").at(-1) ?? model).replaceAll("$", "-")
  const others = taken[bare] ?? []
  const same = others.every((deployment) => deployment.endsWith(`/${model}`))
  return bare !== "auto" && same ? bare : `${definition.type}-${bare}`
}
