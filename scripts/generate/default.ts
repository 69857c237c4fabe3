import type { FieldOptions } from "../../src/config/schema-fields.ts"

/** The default of a field as it would stand in a config, or said in words. */
export function defaultOf(field: Partial<FieldOptions>): string | undefined {
  return field.defaultText ?? (field.default === undefined ? undefined : literal(field.default))
}

function literal(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`
  const entries = Object.entries(value).map(([key, entry]) => `${key}: ${literal(entry)}`)
  return entries.length > 0 ? `{ ${entries.join(", ")} }` : "{}"
}
