import { readFileSync } from "node:fs"
import { join } from "node:path"

const SOURCE = join(import.meta.dir, "../../src")

const read = (path: string) => readFileSync(join(SOURCE, path), "utf8")

/** Text of `llmrouter-env.d.ts`: what `src/index.ts` exports, in one file that imports nothing. */
export function envDeclarations(configTypes: string): string {
  const body = [
    "config/types/face",
    "config/types/accounts",
    "config/types/values",
    "core/strategy-function",
  ]
    .map((name) => read(`${name}.ts`))
    .concat(configTypes)
    .join("\n")
    .replace(/^import type [^"]*"[^"]+"\n|^\/\/ .*\n/gm, "")
    .replace(/^export (declare )?/gm, "")
  const exported = read("index.ts").replace(/ from "[^"]+"/g, "")
  const text = `${body}\n${exported}`
    .trim()
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^(?=.)/gm, "  ")
  return `// Types of llmrouter.config.ts with nothing to install. \`llmrouter init\` writes this file.
declare module "llmrouter" {
${text}
}
`
}
