import type { Json } from "./fields.ts"
import type { Hints } from "./hints.ts"
import { textFor } from "./schema-pattern.ts"

interface Place {
  random: () => number
  hints: Hints
  key: string
}

const LONGEST = 1_000_000

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-15T09:30:00Z",
  date: "2026-01-15",
  time: "09:30:00Z",
  duration: "PT15M",
  email: "demo@example.com",
  "idn-email": "demo@example.com",
  hostname: "example.com",
  "idn-hostname": "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/demo",
  iri: "https://example.com/demo",
  "uri-reference": "/demo",
  "iri-reference": "/demo",
  "uri-template": "/demo/{id}",
  url: "https://example.com/demo",
  uuid: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  "json-pointer": "/demo",
  "relative-json-pointer": "1/demo",
  regex: "^demo$",
  byte: "ZGVtbw==",
}

/** A string for a schema: its format, its pattern, a name from the prompt, or the field's own name. */
export function makeString(schema: Json, { key, hints, random }: Place): string {
  const format = FORMATS[String(schema["format"])]
  if (format !== undefined) return format
  if (typeof schema["pattern"] === "string") {
    const fitting = hints.names.find((name) =>
      new RegExp(String(schema["pattern"]), "u").test(name),
    )
    return fitting ?? textFor(schema["pattern"], random)
  }
  const least = Number(schema["minLength"] ?? 0)
  const most = Number(schema["maxLength"] ?? Number.POSITIVE_INFINITY)
  if (least > LONGEST) throw new Error(`the schema of "${key}" asks for too much`)
  const text = hints.names[0] ?? `demo ${key}`
  const padded = [...text.padEnd(least, ".")]
  return padded.slice(0, Math.max(most, 0)).join("")
}

/** A number within a schema's bounds: one from the prompt if it fits. */
export function makeNumber(schema: Json, place: Place, integer: boolean): number {
  const bound = (name: string, otherwise: number) =>
    typeof schema[name] === "number" ? schema[name] : otherwise
  const step = bound("multipleOf", integer ? 1 : 0)
  const tiny = step || 0.5
  const above = bound("exclusiveMinimum", Number.NEGATIVE_INFINITY)
  const below = bound("exclusiveMaximum", Number.POSITIVE_INFINITY)
  const min = bound("minimum", Number.NEGATIVE_INFINITY)
  const max = bound("maximum", Number.POSITIVE_INFINITY)
  const fits = (value: number) =>
    value >= min && value <= max && value > above && value < below && onGrid(value, step)
  const low = Math.max(min, above)
  const high = Math.min(max, below)
  const start = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 10 * tiny : 0
  const grid = step === 0 ? start : Math.ceil(start / step) * step
  const offset = Math.floor(place.random() * 10)
  const candidates = [
    ...place.hints.numbers,
    grid + offset * tiny,
    grid,
    grid + tiny,
    (low + high) / 2,
    low,
    high,
  ]
  const value = candidates.find((each) => Number.isFinite(each) && fits(each))
  if (value === undefined) throw new Error(`no number is within the bounds of "${place.key}"`)
  return integer ? Math.round(value) : value
}

function onGrid(value: number, step: number): boolean {
  if (step === 0) return true
  const times = value / step
  return Math.abs(times - Math.round(times)) < 1e-9
}
