import { type TObject, Type as t } from "@sinclair/typebox"
import { commonFields, providerSchema } from "../../src/config/schema-provider.ts"
import { providers } from "../../src/providers/index.ts"

/** Every provider type with the schema of its config block. */
export const providerSchemas = [...providers.values()].map((definition) => ({
  definition,
  schema: providerSchema(definition),
}))

/** The options that every provider type has. */
export const commonOptions: TObject = t.Object(commonFields)

/** The options that are a provider type's own, or that it has in words of its own. */
export const ownOptions = ({ properties }: TObject): TObject =>
  t.Object(
    Object.fromEntries(
      Object.entries(properties).filter(
        ([key, field]) => !Bun.deepEquals(commonOptions.properties[key], field),
      ),
    ),
  )
