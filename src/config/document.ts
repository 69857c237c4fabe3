import { readFileSync } from "node:fs"
import { extname } from "node:path"
import type { Report } from "./finding.ts"
import { readJson } from "./document-json.ts"
import { readYaml } from "./document-yaml.ts"

/** Whether a config file is data and not a program. */
export function isDocument(file: string): boolean {
  return [".json", ".jsonc", ".yaml", ".yml"].includes(extname(file))
}

/** Reads a JSON, JSONC or YAML config. Undefined when it failed: that is reported. */
export async function readDocument(file: string, report: Report): Promise<unknown> {
  const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "")
  if (text.trim() === "") {
    report({
      code: "LR2010",
      site: { file, line: 1, column: 1 },
      message: "the config is empty",
      hint: "`llmrouter init` writes one to start from",
    })
    return undefined
  }
  return /\.ya?ml$/.test(file) ? readYaml(file, text, report) : readJson(file, text, report)
}
