import { Value } from "@sinclair/typebox/value"
import { nearest } from "../core/nearest.ts"
import { Scenario } from "./scenario.ts"

/** What is wrong with a scenario, for a person. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError"
}

/**
 * A scenario from the text of a JSON, JSONC or YAML file.
 *
 * @throws ScenarioError that says where and what
 */
export function readScenario(text: string, file: string): Scenario {
  let value: unknown
  try {
    value = /\.ya?ml$/i.test(file) ? Bun.YAML.parse(text) : Bun.JSONC.parse(text)
  } catch (thrown) {
    throw new ScenarioError(`${file} cannot be read: ${(thrown as Error).message}`)
  }
  return checkScenario(value, file)
}

/** @throws ScenarioError that names the first mistake */
export function checkScenario(value: unknown, file: string): Scenario {
  if (Value.Check(Scenario, value)) return value
  const [first] = [...Value.Errors(Scenario, value)]
  const path = first?.path.slice(1).replaceAll("/", ".").replaceAll("~1", "/") || "the scenario"
  throw new ScenarioError(`${file}: ${path}: ${reason(first)}`)
}

type Mistake = ReturnType<ReturnType<typeof Value.Errors>["First"]>

function reason(mistake: Mistake): string {
  if (!mistake) return "is not what was expected"
  const { message, schema, path, value } = mistake
  if (/unexpected property/i.test(message)) {
    const known = knownKeys()
    const [near] = nearest(path.slice(path.lastIndexOf("/") + 1), known)
    return `there is no such key${near ? `; did you mean \`${near}\`?` : ""}`
  }
  const literals = (schema.anyOf as { const?: unknown }[] | undefined)?.flatMap((each) =>
    each.const === undefined ? [] : [`\`${each.const}\``],
  )
  if (literals && literals.length > 0) return `takes ${literals.join(", ")}`
  const given = value === undefined ? "" : `, and not ${JSON.stringify(value)?.slice(0, 80)}`
  const meaning = schema.description ? ` (${schema.description})` : ""
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}${given}${meaning}`
}

/** Every key that is known anywhere in the schema: a near one is what was meant. */
function knownKeys(): string[] {
  const names = new Set<string>()
  JSON.stringify(Scenario, (_, node: unknown) => {
    const { properties } = (node ?? {}) as { properties?: object }
    if (properties) for (const name of Object.keys(properties)) names.add(name)
    return node
  })
  return [...names]
}
