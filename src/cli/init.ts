import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { cancel, intro, isCancel, multiselect } from "@clack/prompts"
import { defineCommand } from "citty"
import pc from "picocolors"
import { readEnvironment } from "../config/environment.ts"
import type { ProviderDefinition } from "../core/provider.ts"
import { providers } from "../providers/index.ts"
import { EXIT, fail } from "./exit.ts"
import { configFor, DECLARATIONS, envExampleFor, withIgnored } from "./init-files.ts"

const CONFIG = "llmrouter.config.ts"
const TYPES = "llmrouter-env.d.ts"
const EXAMPLE = ".env.example"

/** `llmrouter init`. */
export const initCommand = defineCommand({
  meta: { name: "init", description: "Writes a config, its types and .env.example to this folder" },
  args: {
    force: { type: "boolean", default: false, description: "Overwrite files that exist" },
    yes: { type: "boolean", alias: "y", default: false, description: "Ask nothing" },
    types: {
      type: "boolean",
      default: false,
      description: `Only bring ${TYPES} up to date, as after an update`,
    },
  },
  async run({ args }) {
    const cwd = process.cwd()
    if (args.types) {
      writeFileSync(join(cwd, TYPES), DECLARATIONS)
      process.stdout.write(`Wrote ${TYPES}.\n`)
      return
    }
    const blocked = args.force ? [] : existing(cwd)
    if (blocked.length > 0) fail(EXIT.failed, refusal(cwd, blocked))
    const { values } = readEnvironment(process.env, [cwd])
    const found = vendorsWithKey(values)
    const ask = process.stdin.isTTY === true && process.stdout.isTTY === true && !args.yes
    const chosen = ask ? await askForVendors(found) : found
    const written = init({ cwd, chosen, force: args.force })
    const missing = chosen.map(({ env }) => env[0]!).filter((name) => !values[name])
    process.stdout.write(nextSteps(written, chosen.length === 0 ? undefined : missing))
  },
})

export interface InitOptions {
  cwd: string
  /** Vendors that the config begins with; none gives the example, which runs without a key. */
  chosen: readonly ProviderDefinition[]
  force?: boolean
}

/** Writes the files of a new project. @returns their names. @throws when one exists, without `force`. */
export function init({ cwd, chosen, force = false }: InitOptions): string[] {
  const blocked = force ? [] : existing(cwd)
  if (blocked.length > 0) throw new Error(refusal(cwd, blocked))
  const config = configFor(chosen)
  const gitignore = join(cwd, ".gitignore")
  const ignored = withIgnored(existsSync(gitignore) ? readFileSync(gitignore, "utf8") : "")
  const files: Record<string, string> = {
    [CONFIG]: config,
    [TYPES]: DECLARATIONS,
    [EXAMPLE]: envExampleFor(config),
    ...(ignored !== undefined && { ".gitignore": ignored }),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return Object.keys(files)
}

/** Vendors that a first config can name: they need a key and nothing else. */
export const vendors: readonly ProviderDefinition[] = [...providers.values()].filter(
  ({ baseUrl, env, starters }) => baseUrl && env.length > 0 && starters,
)

/** The vendors whose well-known variable is set. */
export function vendorsWithKey(
  env: Readonly<Record<string, string | undefined>>,
): ProviderDefinition[] {
  return vendors.filter((vendor) => env[vendor.env[0]!])
}

// The types are always safe to write again: nobody edits them.
const existing = (cwd: string) => [CONFIG, EXAMPLE].filter((name) => existsSync(join(cwd, name)))

function refusal(cwd: string, names: readonly string[]): string {
  const files = names.map((name) => join(cwd, name)).join(" and ")
  return `${files} ${names.length > 1 ? "exist" : "exists"} already. Use --force to overwrite, or --types to bring only ${TYPES} up to date.`
}

async function askForVendors(found: readonly ProviderDefinition[]): Promise<ProviderDefinition[]> {
  intro("A new config for LLM Router")
  const answer = await multiselect({
    message: "Which providers do you have keys for? (none is fine: a demo answers)",
    options: vendors.map((vendor) => ({
      value: vendor,
      label: vendor.description.replace(/,.*/, ""),
      hint: found.includes(vendor) ? `${vendor.env[0]} is set` : vendor.env[0]!,
    })),
    initialValues: [...found],
    required: false,
    maxItems: 12,
  })
  if (!isCancel(answer)) return vendors.filter((vendor) => answer.includes(vendor))
  cancel("Nothing was written.")
  process.exit(EXIT.ok)
}

/** `missing` has the variables to fill in; undefined when no vendor was chosen. */
function nextSteps(written: readonly string[], missing: readonly string[] | undefined): string {
  const fill = missing ? missing.join(", ") : "a key, when you have one"
  const start = existsSync(".env") ? "open .env" : `cp ${EXAMPLE} .env`
  const binary = process.execPath
  const command = dirname(binary) === process.cwd() ? `./${basename(binary)}` : "llmrouter"
  const steps = [
    ...(fill === "" ? [] : [[start, `then fill in ${fill}`] as const]),
    [`${command} check`, "says whether the config is right"] as const,
    [command, "serves on http://127.0.0.1:8080/v1"] as const,
  ]
  const width = Math.max(...steps.map(([step]) => step.length)) + 3
  const c = pc.createColors(process.stdout.isTTY === true && !process.env["NO_COLOR"])
  const lines = steps.map(([step, why]) => `  ${c.bold(step.padEnd(width))}${c.dim(why)}\n`)
  return `${c.green("Wrote")} ${written.join(", ")}.\n\nNext:\n${lines.join("")}`
}
