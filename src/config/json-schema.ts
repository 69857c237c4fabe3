import { KindGuard, type TSchema } from "@sinclair/typebox"
import { schemaNode, takesFunction } from "./decode-schema.ts"
import { ConfigSchema } from "./schema.ts"
import type { FieldOptions, ValueKind } from "./schema-fields.ts"

/** A JSON Schema, draft 7: the one that editors of JSON and YAML know best. */
export type JsonSchema = { [key: string]: unknown }

type Field = TSchema & Partial<FieldOptions>

// A value may also hold `${NAME}` or `${NAME:-default}`, which is filled in before it is checked.
const amount = (units: string) => `^\\d+(\\.\\d+)?(${units})$|\\$\\{.+\\}`

const BY_KIND: { readonly [Kind in ValueKind]?: JsonSchema } = {
  duration: {
    anyOf: [
      { type: "string", pattern: amount("ms|s|m|h|d") },
      { type: "number", minimum: 0 },
    ],
    examples: ["250ms", "60s", "5m", "1h"],
  },
  size: {
    anyOf: [
      { type: "string", pattern: amount("b|kb|mb|gb") },
      { type: "integer", minimum: 1 },
    ],
    examples: ["64kb", "32mb", "1gb"],
  },
  money: {
    type: "string",
    pattern: "^\\$\\d+(\\.\\d+)?(/(hour|day|week|month))?$|\\$\\{.+\\}",
    examples: ["$5", "$20/day", "$500/month"],
  },
  pattern: { type: "string", minLength: 1, examples: ["/quota|overloaded/i", "quota"] },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a config spells it.
  secret: { type: "string", examples: ["${API_KEY}", "${file:/run/secrets/api-key}"] },
}

/** The JSON Schema of a config in JSON or YAML. */
export function configJsonSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "LLM Router",
    ...shareRepeated(convert(ConfigSchema)),
  }
}

function convert(field: Field): JsonSchema {
  return { ...documented(field), ...shape(field) }
}

function documented({ description, default: value, defaultText, examples }: Field): JsonSchema {
  const text = defaultText ? `${description}\nDefault: ${defaultText}.` : description
  return {
    ...(text && { description: text }),
    ...(value !== undefined && { default: value }),
    ...(examples && { examples }),
  }
}

function shape(field: Field): JsonSchema {
  const known = field.kind && BY_KIND[field.kind]
  if (known) return known
  if (KindGuard.IsUnion(field)) {
    const branches = field.anyOf.filter((branch) => !takesFunction(schemaNode(branch)))
    return branches.length === 1 ? convert(branches[0]!) : { anyOf: branches.map(convert) }
  }
  if (KindGuard.IsArray(field)) return { ...constraints(field), items: convert(field.items) }
  if (KindGuard.IsRecord(field)) {
    const [value] = Object.values(field.patternProperties)
    return { type: "object", additionalProperties: convert(value!) }
  }
  if (KindGuard.IsObject(field)) {
    const properties = Object.entries(field.properties).map(([key, one]) => [key, convert(one)])
    return { ...constraints(field), properties: Object.fromEntries(properties) }
  }
  return constraints(field)
}

const KEPT = [
  "type",
  "const",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "minItems",
  "required",
  "additionalProperties",
]

function constraints(field: Field): JsonSchema {
  return Object.fromEntries(KEPT.filter((key) => key in field).map((key) => [key, field[key]]))
}

/** Moves what occurs more than once to `definitions`, so that the text stays short. */
function shareRepeated(root: JsonSchema): JsonSchema {
  const seen = new Map<string, number>()
  const count = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    const text = JSON.stringify(value)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    if (times === 1) for (const one of Object.values(value)) count(one)
  }
  count(root)

  const definitions: JsonSchema = {}
  const names = new Map<string, string>()
  const share = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => share(one, name))
    if (typeof value !== "object" || value === null) return value
    const text = JSON.stringify(value)
    const known = names.get(text)
    if (known) return reference(known)
    const entries = Object.entries(value).map(([key, one]) => [
      key,
      share(one, KEYWORDS.has(key) ? name : key),
    ])
    const copy = Object.fromEntries(entries)
    if (!isSchema(value) || text.length < 120 || seen.get(text) === 1) return copy
    const own = unused(name, definitions)
    names.set(text, own)
    definitions[own] = copy
    return reference(own)
  }
  return { ...(share(root, "config") as JsonSchema), definitions }
}

const KEYWORDS = new Set(["properties", "items", "anyOf", "additionalProperties"])

const reference = (name: string) => ({ $ref: `#/definitions/${name}` })

const isSchema = (value: object) =>
  "anyOf" in value || ("type" in value && typeof value.type === "string")

function unused(name: string, taken: JsonSchema): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}${n}`
    if (!(candidate in taken)) return candidate
  }
}
