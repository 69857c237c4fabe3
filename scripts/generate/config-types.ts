import { ConfigSchema } from "../../src/config/schema.ts"
import type { ProviderDefinition } from "../../src/core/provider.ts"
import type { Strategy } from "../../src/core/routing.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { commonOptions, ownOptions, providerSchemas } from "./config-options.ts"
import { createDeclarations, pascal } from "./declarations.ts"
import { knownModels } from "./known-models.ts"

const interfaceName = (type: string) => `${pascal(type)}Provider`

/** Of some options at least one must be given. */
const needs = ({ needs = [] }: ProviderDefinition) =>
  needs.map((keys) => ` & (${keys.map((key) => `{ ${key}: string }`).join(" | ")})`).join("")

const union = (names: readonly string[]) =>
  names.map((name) => `\n    | ${JSON.stringify(name)}`).join("") || " never"

/** Text of `src/config/types.gen.ts`: every key of the config with its description and default. */
export function configTypes(): string {
  const declarations = createDeclarations()
  const { membersOf, write } = declarations
  const all: readonly Strategy[] = Object.values(strategies)

  declarations.interfaceOf(ConfigSchema, "", new Set())
  const shared = membersOf(commonOptions, new Set())
  const models = "models?: readonly KnownModel<Type>[]"
  write("ProviderOptions", "<Type>", shared.replace("models?: readonly string[]", models))

  let types = ""
  let known = ""
  for (const { definition, schema } of providerSchemas) {
    const name = interfaceName(definition.type)
    const type = JSON.stringify(definition.type)
    write(name, ` extends ProviderOptions<${type}>`, membersOf(ownOptions(schema), new Set()))
    types += `  /** ${definition.description} */\n  ${type}: ${name}${needs(definition)}\n`
    known += `  ${type}:${union(knownModels(definition))}\n`
  }

  return `// Written by \`bun run generate\` from src/config/schema.ts and the registries. Do not edit.
import type { StrategyFunction } from "../core/strategy-function.ts"
import type { KnownModel, ModelRef, Open } from "./types/accounts.ts"
import type { Duration, Money, Secret, Size, TextMatcher } from "./types/values.ts"

${declarations.text()}
/** The routing strategies. */
export type StrategyName =${union(Object.keys(strategies))}

/** Names that other gateways have for them. */
export type StrategyAlias =${union(all.flatMap(({ aliases = [] }) => aliases))}

/** The options of each provider type. */
export interface ProviderTypes {
${types}}

export type ProviderType = keyof ProviderTypes

/** An account at an LLM vendor, or a server that speaks its API. */
export type ProviderConfig = ProviderTypes[ProviderType]

/** Model names that complete, by provider type. */
export interface KnownModels {
${known}}
`
}
