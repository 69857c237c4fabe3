import type { TSchema } from "@sinclair/typebox"
import { FUNCTIONS, type FunctionKind, type ValueKind } from "./schema-fields.ts"

/** What decoding reads of a TypeBox schema. */
export interface Node {
  readonly kind: ValueKind | undefined
  readonly description: string | undefined
  readonly type: string | undefined
  readonly literal: unknown
  readonly anyOf: readonly Node[] | undefined
  readonly properties: Readonly<Record<string, TSchema>> | undefined
  readonly required: readonly string[]
  /** Schema of the values of an object with free keys. */
  readonly record: TSchema | undefined
  readonly items: TSchema | undefined
  readonly minItems: number | undefined
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly minLength: number | undefined
  readonly default: unknown
  readonly acceptsText: boolean
  readonly schema: TSchema
}

const nodes = new WeakMap<TSchema, Node>()

/** A schema as decoding reads it; the same object for the same schema. */
export function schemaNode(schema: TSchema): Node {
  let node = nodes.get(schema)
  if (!node) {
    const anyOf = (schema["anyOf"] as TSchema[] | undefined)?.map(schemaNode)
    const patterns = schema["patternProperties"] as Record<string, TSchema> | undefined
    node = {
      kind: schema["kind"],
      description: schema.description,
      type: schema["type"],
      literal: schema["const"],
      anyOf,
      properties: schema["properties"],
      required: schema["required"] ?? [],
      record: patterns && Object.values(patterns)[0],
      items: schema["items"],
      minItems: schema["minItems"],
      minimum: schema["minimum"],
      maximum: schema["maximum"],
      minLength: schema["minLength"],
      default: schema.default,
      acceptsText:
        schema["type"] === undefined && !anyOf
          ? schema["const"] === undefined || typeof schema["const"] === "string"
          : schema["type"] === "string" || (anyOf?.some((branch) => branch.acceptsText) ?? false),
      schema,
    }
    nodes.set(schema, node)
  }
  return node
}

/** What a schema takes, in words that follow "takes". */
export function describe(node: Node): string {
  if (node.kind === "secret") return 'a secret such as `env("NAME")`'
  if (node.kind === "duration") return 'a duration such as `"60s"`'
  if (node.kind === "size") return 'a size such as `"32mb"`'
  if (node.kind === "money") return 'US dollars such as `"$20/day"`'
  if (node.kind === "pattern") return "text or a regular expression"
  if (node.kind === "strategy") return "the name of a strategy or a function"
  if (takesFunction(node)) return "a function"
  if (node.literal !== undefined) return `\`${JSON.stringify(node.literal)}\``
  if (node.anyOf) {
    const all = [...new Set(node.anyOf.map(describe))]
    return all.length > 1 ? `${all.slice(0, -1).join(", ")} or ${all.at(-1)}` : all.join("")
  }
  switch (node.type) {
    case "string":
      return "text"
    case "integer":
      return "a whole number"
    case "number":
      return "a number"
    case "boolean":
      return "true or false"
    case "array":
      return "a list"
    case "object":
      return "an object"
    default:
      return "a value"
  }
}

/** Whether a schema takes a function. */
export function takesFunction({ kind }: Pick<Node, "kind">): boolean {
  return FUNCTIONS.includes(kind as FunctionKind)
}

/** Whether a schema is a union only for the spellings of one kind of value. */
export function isScalar({ kind }: Pick<Node, "kind">): boolean {
  return kind === "duration" || kind === "size"
}

/** Whether a value is an object as configs have them, not an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return (
    prototype === null ||
    prototype === Object.prototype ||
    Object.prototype.toString.call(value) === "[object Module]"
  )
}
