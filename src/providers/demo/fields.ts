import { invalid, missing, Refusal } from "./failure.ts"

/** A JSON object as it came. */
export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The body as an object. @throws Refusal when it is not one. */
export function parseBody(body: Uint8Array | undefined): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    if (isObject(value)) return value
  } catch {}
  const message = "We could not parse the JSON body of your request; expected a JSON object."
  throw new Refusal(400, message, null, null)
}

/** A field that must be a string. */
export function stringField(from: Json, name: string): string {
  const value = from[name]
  if (value === undefined || value === null) throw missing(name)
  if (typeof value !== "string") throw invalid(name, "expected a string", value, "invalid_type")
  return value
}

/** One of a few strings, or the first of them when it is not given. */
export function choiceField<T extends string>(from: Json, name: string, choices: readonly T[]): T {
  const value = from[name] ?? choices[0]
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw invalid(name, `expected one of ${choices.join(", ")}`, value)
  return found
}

/** A number in a range, or undefined when it is not given. */
export function numberField(
  from: Json,
  name: string,
  range: { min: number; max: number; integer?: boolean },
): number | undefined {
  const value = from[name]
  if (value === undefined || value === null) return undefined
  const kind = range.integer ? "an integer" : "a number"
  if (typeof value !== "number" || (range.integer && !Number.isInteger(value))) {
    throw invalid(name, `expected ${kind}`, value, "invalid_type")
  }
  if (value < range.min || value > range.max) {
    throw invalid(name, `expected ${kind} from ${range.min} to ${range.max}`, value)
  }
  return value
}

/** A string or a list of strings, as a list. */
export function stringsField(from: Json, name: string): string[] {
  const value = from[name] ?? []
  const list = Array.isArray(value) ? value : [value]
  for (const item of list) {
    if (typeof item !== "string") throw invalid(name, "expected strings", item, "invalid_type")
  }
  return list
}
