import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { nearest } from "../core/nearest.ts"
import type { Report } from "./finding.ts"

/** What is known of a config's files before any of them runs. */
export interface Precheck {
  ok: boolean
  /** The config and everything that it imports, as far as that is known. */
  files: readonly string[]
}

/**
 * Finds syntax errors, imports that do not exist and exports that are missing, with their positions,
 * which importing alone does not give.
 */
export async function precheck(file: string, report: Report): Promise<Precheck> {
  const result = await Bun.build({
    entrypoints: [file],
    target: "bun",
    external: ["llmrouter"],
    throw: false,
    metafile: true,
  })
  const inputs = Object.keys(result.metafile?.inputs ?? {}).map((path) => resolve(path))
  const files = new Set([file, ...inputs.filter((path) => existsSync(path))])
  const unparsed = new Set<string>()
  for (const log of result.logs) {
    if (log.level !== "error") continue
    const position = "position" in log ? log.position : null
    const site = position?.file
      ? {
          file: resolve(position.file),
          line: position.line,
          column: position.column,
          ...(position.length > 0 && { length: position.length }),
        }
      : { file, line: 1, column: 1 }
    files.add(site.file)
    const missing = /^Could not resolve: "(.+?)"/.exec(log.message)?.[1]
    const unexported = /^No matching export in "(.+?)" for import "(.+?)"/.exec(log.message)
    if (missing !== undefined) {
      // So that the config loads as soon as the file is there.
      if (missing.startsWith(".")) files.add(resolve(dirname(site.file), missing))
      report({
        code: "LR2005",
        site,
        message: `there is no module "${missing}"`,
        hint: missing.startsWith(".")
          ? "check the path: it is relative to the file that imports it, with its extension"
          : 'install it beside the config, or do without: configs run with nothing but "llmrouter"',
      })
    } else if (unexported) {
      const [, module, name] = unexported
      files.add(resolve(module!))
      report({
        code: "LR2006",
        site,
        message: `"${module}" does not export \`${name}\``,
        hint: await exportHint(resolve(module!), name!),
      })
    } else if (!unparsed.has(site.file)) {
      // The parser's later complaints about the same file mostly follow from the first.
      unparsed.add(site.file)
      report({ code: "LR2004", site, message: lower(log.message) })
    }
  }
  return { ok: result.success, files: [...files] }
}

async function exportHint(module: string, name: string): Promise<string> {
  try {
    const loader = module.endsWith("x") ? "tsx" : "ts"
    const { exports } = new Bun.Transpiler({ loader }).scan(await Bun.file(module).text())
    const [best] = nearest(name, exports)
    if (best) return `did you mean \`${best}\`?`
    return exports.length > 0 ? `it exports ${exports.join(", ")}` : "it exports nothing"
  } catch {
    return "check the name"
  }
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
