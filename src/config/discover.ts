import { existsSync, readdirSync, statSync } from "node:fs"
import { basename, dirname, extname, join, resolve } from "node:path"
import { nearest } from "../core/nearest.ts"
import type { EnvironmentRecord } from "./environment.ts"
import type { Report } from "./finding.ts"

/** Extensions that a config may have, in the order in which they win. */
export const EXTENSIONS = [
  ".ts",
  ".mts",
  ".js",
  ".mjs",
  ".json",
  ".jsonc",
  ".yaml",
  ".yml",
] as const

/** File names that are looked for, in the order in which they win. */
export const CANDIDATES: readonly string[] = EXTENSIONS.map(
  (extension) => `llmrouter.config${extension}`,
)

/** Which config file is used, and why. */
export interface Discovery {
  /** Absolute; undefined when there is none. */
  file: string | undefined
  /** Why it won, in words. */
  origin: string
}

export interface DiscoverOptions {
  path?: string | undefined
  cwd: string
  env: EnvironmentRecord
}

/** Finds the config file. Undefined when one was named that cannot be used: that is reported. */
export function discover(options: DiscoverOptions, report: Report): Discovery | undefined {
  const { path, cwd, env } = options
  if (path !== undefined) return named(path, "--config", cwd, report)
  const fromEnv = env["LLMROUTER_CONFIG"]
  if (fromEnv) return named(fromEnv, "LLMROUTER_CONFIG", cwd, report)
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = firstIn(folder, report)
    if (file) {
      const where = folder === resolve(cwd) ? "the working directory" : "a parent directory"
      return { file, origin: `found in ${where}` }
    }
    if (dirname(folder) === folder) break
  }
  return { file: undefined, origin: "no config file: made from the environment" }
}

function named(path: string, by: string, cwd: string, report: Report): Discovery | undefined {
  const file = resolve(cwd, path)
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isDirectory()) {
    const inside = firstIn(file, report)
    if (inside) return { file: inside, origin: `named by ${by}` }
    report({
      code: "LR2001",
      message: `there is no config file in ${file}, the folder that ${by} names`,
      hint: `put \`${CANDIDATES[0]}\` there (\`llmrouter init\` writes one), or name the file itself`,
    })
    return undefined
  }
  if (!stat) {
    report({
      code: "LR2001",
      message: `the config file ${file}, named by ${by}, does not exist`,
      hint: neighbours(file) ?? "check the path, or write one with `llmrouter init`",
    })
    return undefined
  }
  if (!(EXTENSIONS as readonly string[]).includes(extname(file))) {
    report({
      code: "LR2003",
      message: `${file} is not a kind of file that a config can be`,
      why: `a config ends in ${EXTENSIONS.join(", ")}`,
      hint: "rename it to what it is",
    })
    return undefined
  }
  return { file, origin: `named by ${by}` }
}

function firstIn(folder: string, report: Report): string | undefined {
  const [first, ...rest] = CANDIDATES.map((name) => join(folder, name)).filter(isFile)
  if (first && rest.length > 0) {
    report({
      code: "LR2012",
      message: `${rest.map((file) => basename(file)).join(" and ")} in ${folder} is not used`,
      why: `${basename(first)} wins`,
      hint: "delete the one that is not meant, or name the file with `--config`",
    })
  }
  return first
}

function neighbours(file: string): string | undefined {
  const folder = dirname(file)
  if (!existsSync(folder)) return undefined
  const [best] = nearest(basename(file), readdirSync(folder))
  return best && `did you mean \`${join(folder, best)}\`?`
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}
