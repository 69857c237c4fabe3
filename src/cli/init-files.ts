// @ts-expect-error TypeScript takes no declaration file for a value; as text it is one.
import declarations from "../../llmrouter-env.d.ts" with { type: "text" }
import example from "../../llmrouter.config.ts" with { type: "text" }
import type { ProviderDefinition } from "../core/provider.ts"

// The types are those of the modules, not of the texts that the attribute asks for.
const EXAMPLE = example as unknown as string

/** Text of `llmrouter-env.d.ts`. */
export const DECLARATIONS: string = declarations

/** Lines that keep secrets and data out of a repository. */
export const IGNORED = [".env", ".env.local", ".llmrouter/"]

/** The example config; with vendors chosen, those in place of the example's and without its stopgap. */
export function configFor(chosen: readonly ProviderDefinition[]): string {
  if (chosen.length === 0) return EXAMPLE
  const accounts = chosen.map(
    ({ type, env }) => `    ${type}: { type: "${type}", keys: [env("${env[0]}")] },\n`,
  )
  // The first starter is a vendor's best, the last its quickest.
  const fast = list("    fast: ", chosen, -1)
  const smart = list("      models: ", chosen, 0)
  const groups = `${fast}    smart: {\n${smart}      fallbacks: ["fast"],\n    },\n`
  return EXAMPLE.replace(own("providers"), `$1${accounts.join("")}`).replace(
    own("groups"),
    `$1${groups}`,
  )
}

/** What the example has in a block before the part that is built in. */
const own = (key: string) => new RegExp(`(\n  ${key}: \\{\n)[^]*?(?=    // Built in)`)

/** A list of deployments, one a vendor, as the formatter would break it. */
function list(lead: string, chosen: readonly ProviderDefinition[], which: number): string {
  const names = chosen.map(({ type, starters }) => `"${type}/${starters?.at(which)}"`)
  const line = `${lead}[${names.join(", ")}],`
  if (line.length <= 100) return `${line}\n`
  const indent = " ".repeat(lead.search(/\S/))
  return `${lead}[\n${names.map((name) => `${indent}  ${name},\n`).join("")}${indent}],\n`
}

/** Text of `.env.example`: every variable that a config names, those in its comments commented out. */
export function envExampleFor(config: string): string {
  const lines = [...config.matchAll(/^(.*)\benv\("(\w+)"/gm)].map(
    ([, before = "", name]) => `${before.includes("//") ? "# " : ""}${name}=\n`,
  )
  return `# Copy this file to .env, which git ignores, and fill in what you have.\n${lines.join("")}`
}

/** A `.gitignore` with the lines that were missing, or undefined when none were. */
export function withIgnored(gitignore: string): string | undefined {
  const present = new Set(gitignore.split("\n").map((line) => line.trim()))
  const missing = IGNORED.filter((line) => !present.has(line))
  if (missing.length === 0) return undefined
  const gap = gitignore === "" || gitignore.endsWith("\n") ? "" : "\n"
  return `${gitignore}${gap}${missing.join("\n")}\n`
}
