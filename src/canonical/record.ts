/** A parsed JSON object. */
export type JsonRecord = Record<string, unknown>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

const EMPTY: JsonRecord = Object.freeze({})

/** The value as an object; an empty one for anything else. */
export function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : EMPTY
}

/** The objects of an array; none for anything else. */
export function records(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
