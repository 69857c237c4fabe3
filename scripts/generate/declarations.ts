import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox"
import type { FieldOptions } from "../../src/config/schema-fields.ts"
import { defaultOf } from "./default.ts"

/** A schema with the annotations that the fields of the config carry. */
export type Field = TSchema & Partial<FieldOptions>

/** Type parameters of the generated interfaces, in order, with what they are when nobody says. */
const PARAMETERS = {
  Providers: "Providers = Record<string, ProviderConfig>",
  Groups: "Groups = Record<string, readonly ModelRef[] | GroupConfig>",
  Ref: "Ref = ModelRef",
  Provider: "Provider extends string = string",
  Model: "Model extends string = string",
  Group: "Group extends string = string",
}

type Parameter = keyof typeof PARAMETERS
type Used = Set<Parameter>

const BY_KIND: Record<string, string> = {
  duration: "Duration",
  size: "Size",
  money: "Money",
  secret: "Secret | string",
  pattern: "RegExp | string",
  strategy: "StrategyName | Open<StrategyAlias> | StrategyFunction",
  StrategyFunction: "StrategyFunction",
  TextMatcher: "TextMatcher",
}

const PARAMETER_BY_KIND: Record<string, Parameter> = {
  group: "Group",
  provider: "Provider",
  model: "Model",
}

/** Maps whose keys are names that the rest of the config refers to. */
const NAMED: Record<string, Parameter> = { providers: "Providers", groups: "Groups" }

/** Interfaces that are not named after their key. */
const NAMES: Record<string, string> = { Key: "CallerKey" }

/** `some-key` as `SomeKey`. */
export const pascal = (key: string) =>
  key.replace(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase())

/** Writes TypeScript interfaces for object schemas, each named after its key. */
export function createDeclarations() {
  const written = new Map<string, string>()

  function typeOf(field: Field, key: string, used: Used): string {
    const parameter = PARAMETER_BY_KIND[field.kind ?? ""]
    if (parameter) {
      used.add(parameter)
      return parameter
    }
    const named = BY_KIND[field.kind ?? ""]
    if (named) return named
    if (KindGuard.IsLiteral(field)) return JSON.stringify(field.const)
    if (KindGuard.IsString(field)) return "string"
    if (KindGuard.IsNumber(field) || KindGuard.IsInteger(field)) return "number"
    if (KindGuard.IsBoolean(field)) return "boolean"
    if (KindGuard.IsUnion(field)) return unionOf(field.anyOf, key, used)
    if (KindGuard.IsObject(field)) return interfaceOf(field, pascal(key), used)
    if (KindGuard.IsArray(field)) {
      const item = typeOf(field.items, key.replace(/s$/, ""), used)
      return `readonly ${item.includes("|") ? `(${item})` : item}[]`
    }
    if (KindGuard.IsRecord(field)) {
      const [value] = Object.values(field.patternProperties)
      return `Record<string, ${typeOf(value!, key.replace(/s$/, ""), used)}>`
    }
    return "unknown"
  }

  function unionOf(members: Field[], key: string, used: Used): string {
    // A deployment by its name or as an object: correlated types, which are written by hand.
    if (members.some((member) => member.kind === "model")) {
      for (const member of members) typeOf(member, "deployment", new Set())
      used.add("Ref")
      return "Ref"
    }
    const texts = members.map((member) => typeOf(member, key, used))
    return [...new Set(texts)].join(" | ")
  }

  function interfaceOf(field: TObject, key: string, used: Used): string {
    const name = `${field["typeName"] ?? NAMES[key] ?? key}Config`
    const own: Used = new Set()
    const members = membersOf(field, own)
    const parameters = (Object.keys(PARAMETERS) as Parameter[]).filter((one) => own.has(one))
    for (const parameter of parameters) used.add(parameter)
    const list = (texts: string[]) => (texts.length > 0 ? `<${texts.join(", ")}>` : "")
    write(name, list(parameters.map((one) => PARAMETERS[one])), members)
    return name + list(parameters)
  }

  function membersOf(field: TObject, used: Used): string {
    return Object.entries<Field>(field.properties)
      .map(([key, property]) => {
        const optional = KindGuard.IsOptional(property) ? "?" : ""
        return `${docOf(property)}  ${key}${optional}: ${memberType(property, key, used)}\n`
      })
      .join("")
  }

  function memberType(field: Field, key: string, used: Used): string {
    const named = KindGuard.IsRecord(field) ? NAMED[key] : undefined
    if (!named) return typeOf(field, key, used)
    used.add(named)
    if (named === "Groups") typeOf(field, key, new Set())
    return named
  }

  /** Adds an interface. @throws when another one has its name. */
  function write(name: string, head: string, members: string): void {
    const text = `export interface ${name}${head} {\n${members}}\n`
    const before = written.get(name)
    if (before !== undefined && before !== text) throw new Error(`two interfaces named ${name}`)
    written.set(name, text)
  }

  return { membersOf, interfaceOf, write, text: () => [...written.values()].join("\n") }
}

/** The TSDoc comment of a field. */
function docOf(field: Field): string {
  const value = defaultOf(field)
  if (value === undefined) return `  /** ${field.description} */\n`
  return `  /**\n   * ${field.description}\n   * @default ${value}\n   */\n`
}
