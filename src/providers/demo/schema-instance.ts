import { isObject, type Json } from "./fields.ts"
import type { Hints } from "./hints.ts"
import { makeNumber, makeString } from "./schema-scalar.ts"

/** Where a value is being made. */
interface Place {
  root: unknown
  random: () => number
  hints: Hints
  /** Name of the property that the value belongs to. */
  key: string
  /** References followed so far; deep ones take the shortest way out. */
  depth: number
  /** Values that may still be made. */
  budget: { left: number }
}

const DEEP = 3
const TOO_DEEP = 40
const MOST_VALUES = 20_000

/**
 * A value that is valid for a JSON Schema and made of the prompt's words where that fits.
 * @throws Error when the schema allows nothing or cannot be followed.
 */
export function instanceOf(schema: unknown, hints: Hints, random: () => number): unknown {
  return make(schema, {
    root: schema,
    random,
    hints,
    key: "value",
    depth: 0,
    budget: { left: MOST_VALUES },
  })
}

function make(schema: unknown, place: Place): unknown {
  if (schema === false) throw new Error(`the schema of "${place.key}" allows nothing`)
  if (!isObject(schema)) return makeString({}, place)
  if (place.depth > TOO_DEEP || place.budget.left-- <= 0)
    throw new Error(`the schema of "${place.key}" asks for too much`)
  if ("const" in schema) return schema["const"]
  if (Array.isArray(schema["enum"])) return pickEnum(schema["enum"], place)
  if (typeof schema["$ref"] === "string") {
    const target = resolve(place.root, schema["$ref"])
    const { $ref: _, ...beside } = schema
    const merged = isObject(target) ? merge(target, beside) : target
    return make(merged, { ...place, depth: place.depth + 1 })
  }
  if (Array.isArray(schema["allOf"])) return make(flatten(schema, place.root), place)
  const options = schema["anyOf"] ?? schema["oneOf"]
  if (Array.isArray(options)) {
    const { anyOf: _, oneOf: __, ...base } = schema
    const option = pickOption(options, place)
    return make(isObject(option) ? merge(base, option) : option, place)
  }
  switch (typeOf(schema, place)) {
    case "object":
      return makeObject(schema, place)
    case "array":
      return makeArray(schema, place)
    case "number":
      return makeNumber(schema, place, false)
    case "integer":
      return makeNumber(schema, place, true)
    case "boolean":
      return place.random() < 0.5
    case "null":
      return null
    default:
      return makeString(schema, place)
  }
}

function typeOf(schema: Json, place: Place): unknown {
  const { type } = schema
  if (Array.isArray(type)) {
    const useful = type.filter((each) => each !== "null")
    return place.depth > DEEP && useful.length < type.length ? "null" : useful[0]
  }
  if (type !== undefined) return type
  if ("properties" in schema || "required" in schema) return "object"
  if ("items" in schema || "prefixItems" in schema || "minItems" in schema) return "array"
  if ("minimum" in schema || "maximum" in schema || "multipleOf" in schema) return "number"
  return "string"
}

/** The option that the prompt names, else any. */
function pickEnum(values: readonly unknown[], { hints, random, key }: Place): unknown {
  if (values.length === 0) throw new Error(`the enum of "${key}" is empty`)
  const named = values.find((value) => hints.words.has(String(value).toLowerCase()))
  return named ?? values[Math.floor(random() * values.length)]
}

function pickOption(options: readonly unknown[], place: Place): unknown {
  const usable = options.filter((option) => option !== false)
  const ends = usable.filter((option) => !JSON.stringify(option).includes('"$ref"'))
  if (place.depth > DEEP && ends.length > 0) return ends[0]
  const full = usable.filter((option) => !isObject(option) || option["type"] !== "null")
  const pool = full.length > 0 ? full : usable
  return pool[Math.floor(place.random() * pool.length)]
}

function makeObject(schema: Json, place: Place): Json {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {}
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : []
  const wanted = new Set(required)
  const most = Number(schema["maxProperties"] ?? Number.POSITIVE_INFINITY)
  for (const name of Object.keys(properties)) {
    if (place.depth <= DEEP && properties[name] !== false && wanted.size < most) wanted.add(name)
  }
  const more = schema["additionalProperties"] ?? true
  for (let n = 1; wanted.size < Number(schema["minProperties"] ?? 0); n++) wanted.add(`key${n}`)
  // In the schema's own order, which is the order in which strict mode answers.
  const order = [...new Set([...Object.keys(properties), ...wanted])].filter((name) =>
    wanted.has(name),
  )
  return Object.fromEntries(
    order.map((name) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : more
      return [name, make(own, { ...place, key: name })]
    }),
  )
}

function makeArray(schema: Json, place: Place): unknown[] {
  const fixed = schema["prefixItems"] ?? (Array.isArray(schema["items"]) ? schema["items"] : [])
  const rest = Array.isArray(schema["items"]) ? schema["additionalItems"] : schema["items"]
  const least = Number(schema["minItems"] ?? 0)
  const most = Number(schema["maxItems"] ?? Number.POSITIVE_INFINITY)
  const start = Array.isArray(fixed) ? fixed.slice(0, most) : []
  const usual = place.depth > DEEP || rest === false ? 0 : start.length > 0 ? start.length : 2
  const count = Math.min(most, Math.max(least, usual, start.length))
  const list = start.map((each) => make(each, place))
  const seen = new Set(list.map((item) => JSON.stringify(item)))
  for (let tries = 0; list.length < count && tries < count * 20; tries++) {
    const hints = { ...place.hints, numbers: [], names: place.hints.names.slice(list.length) }
    const key = tries < 1 ? place.key : `${place.key} ${tries + 1}`
    const item = make(schema["contains"] ?? rest ?? {}, { ...place, hints, key })
    const text = JSON.stringify(item)
    if (schema["uniqueItems"] === true && seen.has(text)) continue
    seen.add(text)
    list.push(item)
  }
  return list
}

/** Follows `#`, `#/$defs/name` or an `$anchor`. */
function resolve(root: unknown, ref: string): unknown {
  if (ref === "#") return root
  let at: unknown = root
  for (const step of decodeURIComponent(ref).replace(/^#\//, "").split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~")
    at = Array.isArray(at) ? at[Number(name)] : isObject(at) ? at[name] : undefined
  }
  if (at === undefined) throw new Error(`the schema has no "${ref}"`)
  return at
}

function flatten(schema: Json, root: unknown): Json {
  const { allOf, ...base } = schema
  return (allOf as unknown[]).reduce<Json>((sum, part) => {
    const whole =
      isObject(part) && typeof part["$ref"] === "string" ? resolve(root, part["$ref"]) : part
    if (!isObject(whole)) return sum
    return merge(sum, Array.isArray(whole["allOf"]) ? flatten(whole, root) : whole)
  }, base)
}

function merge(one: Json, other: Json): Json {
  const both = { ...one, ...other }
  const properties = [one, other].map((each) => each["properties"]).filter(isObject)
  const required = [one, other].flatMap((each) => (each["required"] ?? []) as string[])
  return {
    ...both,
    ...(properties.length > 0 && { properties: Object.assign({}, ...properties) }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
  }
}
