import { type TObject, type TProperties, Type as t } from "@sinclair/typebox"
import { providerSchema } from "../../src/config/schema-provider.ts"
import { providers } from "../../src/providers/index.ts"

/** Every provider type with the schema of its config block. */
export const providerSchemas = [...providers.values()].map((definition) => ({
  definition,
  schema: providerSchema(definition),
}))

/** The options that every provider type has in the same words. */
export const commonOptions: TObject = t.Object(
  selectOptions(providerSchemas[0]!.schema, (key, field) =>
    providerSchemas.every(({ schema }) => Bun.deepEquals(schema.properties[key], field)),
  ),
)

/** The options that are a provider type's own, `type` and `baseUrl` among them. */
export const ownOptions = (schema: TObject): TObject =>
  t.Object(selectOptions(schema, (key) => !(key in commonOptions.properties)))

function selectOptions(
  { properties }: TObject,
  keep: (key: string, field: TProperties[string]) => boolean,
): TProperties {
  return Object.fromEntries(Object.entries(properties).filter(([key, field]) => keep(key, field)))
}
