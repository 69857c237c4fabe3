import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import type { Report } from "./finding.ts"
import { redact, show } from "./redact.ts"
import { sdkExports } from "./sdk-module.ts"
import type { Site } from "./secret-ref.ts"
import { didYouMean } from "./suggest.ts"

/** Reports what a config threw, at the user's own line. */
export function reportThrown(
  error: unknown,
  file: string,
  files: readonly string[],
  report: Report,
): void {
  const message = error instanceof Error ? error.message : `it threw ${show(error)}`
  const [, name, module] = /Export named '(.+?)' not found in module '(.+?)'/.exec(message) ?? []
  if (name !== undefined && module === "llmrouter") {
    report({
      code: "LR2006",
      site: importSite(name, [file, ...files]) ?? { file, line: 1, column: 1 },
      message: `"llmrouter" does not export \`${name}\``,
      hint: didYouMean(name, sdkExports, "it exports"),
    })
    return
  }
  const kind = error instanceof Error && error.name !== "Error" ? `${error.name}: ` : ""
  report({
    code: "LR2008",
    site: thrownSite(error, files) ?? { file, line: 1, column: 1 },
    message: `the config failed: ${kind}${redact(message)}`,
    why: "a config is a program, and this is where it stopped",
  })
}

/** The topmost place in the user's own files. */
function thrownSite(error: unknown, files: readonly string[]): Site | undefined {
  if (!(error instanceof Error)) return undefined
  const { sourceURL, line, column } = error as Error & Partial<Record<string, unknown>>
  if (typeof sourceURL === "string" && typeof line === "number" && typeof column === "number") {
    const source = plainPath(sourceURL)
    if (files.includes(source)) return { file: source, line, column }
  }
  for (const frame of (error.stack ?? "").split("\n")) {
    const match = /(?:\(|at )((?:file:\/\/)?\/?[^()\n]+?):(\d+):(\d+)\)?$/.exec(frame)
    const source = match && plainPath(match[1]!)
    if (source && files.includes(source)) {
      return { file: source, line: Number(match[2]), column: Number(match[3]) }
    }
  }
  return undefined
}

function importSite(
  name: string,
  files: readonly string[],
): (Site & { length: number }) | undefined {
  for (const file of files) {
    const text = read(file)
    for (const statement of text.matchAll(/import\s[^;]*?\sfrom\s*["']llmrouter["']/g)) {
      const within = new RegExp(`\\b${name.replace(/\W/g, "\\$&")}\\b`).exec(statement[0])
      if (!within) continue
      const before = text.slice(0, statement.index + within.index)
      const line = before.split("\n").length
      const column = before.length - before.lastIndexOf("\n")
      return { file, line, column, length: name.length }
    }
  }
  return undefined
}

function plainPath(url: string): string {
  return resolve(url.replace(/^file:\/\//, ""))
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
