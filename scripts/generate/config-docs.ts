import { KindGuard, type TObject, Type as t } from "@sinclair/typebox"
import { FUNCTIONS } from "../../src/config/schema-fields.ts"
import { ConfigSchema } from "../../src/config/schema.ts"
import type { Strategy } from "../../src/core/routing.ts"
import { DEFAULT_STRATEGY, strategies } from "../../src/routing/strategies/index.ts"
import { commonOptions, providerSchemas } from "./config-options.ts"
import type { Field } from "./declarations.ts"
import { defaultOf } from "./default.ts"

interface Row {
  path: string
  field: Field
}

const root = ConfigSchema.properties as Record<string, Field>

const providerRows: Row[] = [
  {
    path: "providers.<name>.type",
    field: t.String({ description: "A type from the table below." }),
  },
  {
    path: "providers.<name>.baseUrl",
    field: t.Optional(
      t.String({
        ...providerSchemas[0]!.schema.properties["baseUrl"],
        defaultText: "the type's, from the table below",
      }),
    ),
  },
]

const STRATEGY_FUNCTION = `A function puts the channels that could be used in order, best first; what it leaves out comes last.
It may be async, and has 50 ms; when it takes longer or throws, the order of the config counts.

\`\`\`ts
import { defineConfig, defineStrategy } from "llmrouter"

const longToLarge = defineStrategy(({ request, candidates }) =>
  request.inputTokens > 50_000
    ? candidates.filter(({ tags }) => tags.includes("large"))
    : candidates.toSorted((a, b) => (a.cost ?? 0) - (b.cost ?? 0)),
)
\`\`\`

Then \`strategy: longToLarge\`. It can use what the config's files import. What they open at their top
level, such as timers and sockets, is closed when the config is loaded.`

const notBareList = ({ path }: Row) => !path.startsWith("groups.<name>[]")

/** Text of `docs/config.md`: a row for every key. */
export function configDocs(): string {
  const nested = Object.entries(root)
    .filter(([key]) => key !== "providers")
    .map(([key, field]) => ({ key, field, rows: below(field, key).filter(notBareList) }))
    .filter(({ rows }) => rows.length > 0)
  return `<!-- Written by \`bun run generate\` from src/config/schema.ts and the registries. Do not edit. -->

# Config reference

Every key that \`llmrouter.config.ts\` takes. Your editor shows the same text. Unknown keys are
errors; \`llmrouter check\` lists all of them with their lines.

| Value | As written |
| --- | --- |
| duration | \`"250ms"\`, \`"60s"\`, \`"5m"\`, \`"1h"\`, \`"1d"\`, or a number of milliseconds |
| size | \`"512b"\`, \`"64kb"\`, \`"32mb"\`, \`"1gb"\` (by 1,024), or a number of bytes |
| money | \`"$5"\` in all, \`"$0.50/hour"\`, \`"$20/day"\`, \`"$100/week"\`, \`"$500/month"\` (UTC) |
| pattern | \`/quota/i\`, or a text, which is found in any case; in JSON and YAML \`"/quota/i"\` |
| function | \`(text) => text.startsWith("error")\`; not in JSON and YAML |
| secret | \`env("NAME")\`, \`env("NAME", { optional: true })\`, \`file("/path")\`, or a string; in JSON and YAML \`"\${NAME}"\` and \`"\${file:/path}"\` |

Configs may also be JSON or YAML: \`llmrouter config schema > llmrouter.schema.json\` writes the JSON
Schema that your editor completes from, when \`$schema\` names that file.

## Top level

${table(Object.entries(root).map(([key, field]) => ({ path: key, field })))}

## providers

${root["providers"]!.description}

${table([...providerRows, ...rowsOf(commonOptions, "providers.<name>")])}

### Provider types

${providerTable()}

### Options of one type

${optionTable()}

${nested
  .map(({ key, field, rows }) => {
    const after =
      key === "groups" ? `\n\n### Strategies\n\n${strategyTable()}\n\n${STRATEGY_FUNCTION}` : ""
    const lead = key === "groups" ? " A list is short for an object with `models` alone." : ""
    return `## ${key}\n\n${field.description}${lead}\n\n${table(rows)}${after}`
  })
  .join("\n\n")}
`
}

function rowsOf({ properties }: TObject, path: string): Row[] {
  return Object.entries<Field>(properties).flatMap(([key, field]) => {
    const row = { path: `${path}.${key}`, field }
    return [row, ...below(field, row.path)]
  })
}

/** The rows of the objects inside a field. */
function below(field: Field, path: string): Row[] {
  if (KindGuard.IsObject(field)) return rowsOf(field, path)
  if (KindGuard.IsUnion(field)) return field.anyOf.flatMap((one) => below(one, path))
  if (KindGuard.IsArray(field)) return below(field.items, `${path}[]`)
  if (!KindGuard.IsRecord(field)) return []
  return Object.values(field.patternProperties).flatMap((one) => below(one, `${path}.<name>`))
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ path, field }) => {
    const cells = [code(path), typeOf(field), defaultCell(path, field), field.description ?? ""]
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  })
  return ["| Key | Type | Default | What it is |", "| --- | --- | --- | --- |", ...lines].join("\n")
}

/** Limits of a part are by default those of the whole: `groups.<name>.timeouts.stall` is `timeouts.stall`. */
function defaultCell(path: string, field: Field): string {
  const tail = /\.((?:timeouts|retries)\b.*)$/.exec(path)?.[1]
  if (tail) return code(tail)
  if (field.defaultText) return field.defaultText
  const value = defaultOf(field)
  if (value !== undefined) return code(value)
  return KindGuard.IsOptional(field) ? "–" : "**required**"
}

function typeOf(field: Field): string {
  if (field.kind === "strategy") return "a name from the table below, or a function"
  if (FUNCTIONS.some((kind) => kind === field.kind)) return "function"
  if (field.kind) return field.kind
  if (KindGuard.IsLiteral(field)) return code(JSON.stringify(field.const))
  if (KindGuard.IsUnion(field)) return [...new Set(field.anyOf.map(typeOf))].join(" | ")
  if (KindGuard.IsArray(field)) return `list of ${typeOf(field.items)}`
  if (KindGuard.IsRecord(field)) return "map"
  return String(field.type ?? "any JSON")
}

function providerTable(): string {
  const lines = providerSchemas.map(({ definition }) => {
    const { type, description, baseUrl, env, keyless } = definition
    const keys = env.map(code).join(", ") || (keyless ? "needs none" : "–")
    return `| \`${type}\` | ${description} | ${baseUrl ? code(baseUrl) : "–"} | ${keys} |`
  })
  return ["| Type | Name | Base URL | Key from |", "| --- | --- | --- | --- |", ...lines].join("\n")
}

function optionTable(): string {
  const lines = providerSchemas.flatMap(({ definition: { type, options = {} } }) =>
    Object.entries(options).map(
      ([key, description]) => `| \`${type}\` | \`providers.<name>.${key}\` | ${description} |`,
    ),
  )
  return ["| Type | Key | What it is |", "| --- | --- | --- |", ...lines].join("\n")
}

function strategyTable(): string {
  const lines = Object.values(strategies).map(
    ({ name, description, aliases = [] }: Strategy) =>
      `| \`${name}\`${name === DEFAULT_STRATEGY ? " (default)" : ""} | ${description} | ${aliases.map(code).join(", ")} |`,
  )
  return ["| Strategy | What it does | Also called |", "| --- | --- | --- |", ...lines].join("\n")
}

const code = (text: string) => `\`${text}\``
