import type { TObject, TProperties } from "@sinclair/typebox"
import { Type as t } from "@sinclair/typebox"
import { ConfigSchema, providerSchema } from "../../src/config/schema.ts"
import { providers } from "../../src/providers/index.ts"
import { createDeclarations } from "./declarations.ts"
import { knownModels } from "./known-models.ts"

const HEADER = `// Written by \`bun run generate\` from src/config/schema.ts and the registries. Do not edit.
import type { KnownModel, ModelRef } from "./types/accounts.ts"
import type { Duration, Secret, Size } from "./types/values.ts"
`

const definitions = [...providers.values()]
const schemas = new Map(definitions.map((one) => [one.type, providerSchema(one)]))

const interfaceName = (type: string) =>
  `${type.replace(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase())}Provider`

/** The options that every provider type has in the same words. */
function commonOptions(): TProperties {
  const all = [...schemas.values()].map((schema) => schema.properties)
  const [first = {}] = all
  return Object.fromEntries(
    Object.entries(first).filter(([key, field]) =>
      all.every((one) => Bun.deepEquals(one[key], field)),
    ),
  )
}

function ownOptions(schema: TObject, common: TProperties): TObject {
  const own = Object.entries(schema.properties).filter(([key]) => !(key in common))
  return t.Object(Object.fromEntries(own))
}

/** Text of `src/config/types.gen.ts`: every key of the config with its description and default. */
export function configTypes(): string {
  const common = commonOptions()
  const declarations = createDeclarations()
  const { membersOf, write } = declarations

  declarations.interfaceOf(ConfigSchema, "", new Set())
  const shared = membersOf(t.Object(common), new Set()).replace(
    "models?: readonly string[]",
    "models?: readonly KnownModel<Type>[]",
  )
  write("ProviderOptions", "<Type>", shared)
  for (const [type, schema] of schemas) {
    const heading = `extends ProviderOptions<${JSON.stringify(type)}>`
    write(interfaceName(type), ` ${heading}`, membersOf(ownOptions(schema, common), new Set()))
  }

  const types = definitions.map(
    ({ type, description }) =>
      `  /** ${description} */\n  ${JSON.stringify(type)}: ${interfaceName(type)}\n`,
  )
  const models = definitions.map((definition) => {
    const names = knownModels(definition).map((name) => `    | ${JSON.stringify(name)}\n`)
    return `  ${JSON.stringify(definition.type)}: ${names.length > 0 ? `\n${names.join("")}` : "never\n"}`
  })

  return `${HEADER}
${declarations.text()}
/** The options of each provider type. */
export interface ProviderTypes {
${types.join("")}}

export type ProviderType = keyof ProviderTypes

/** An account at an LLM vendor, or a server that speaks its API. */
export type ProviderConfig = ProviderTypes[ProviderType]

/** Model names that complete, by provider type. */
export interface KnownModels {
${models.join("")}}
`
}
