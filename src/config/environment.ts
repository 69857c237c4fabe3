import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { lateUtil } from "../core/late-modules.ts"

/** Environment variables with the `.env` files below them: the real ones win, then `.env.local`, then `.env`. */
export interface Environment {
  /** Undefined when it is not set or empty. */
  get(name: string): string | undefined
  /** Everything that is set, by name. */
  readonly values: Readonly<Record<string, string>>
  /** The files that were looked for, present or not. */
  readonly files: readonly string[]
  /** Where names are looked up, in words. */
  readonly places: string
}

export type EnvironmentRecord = Readonly<Record<string, string | undefined>>

/** Reads `.env` and `.env.local` of the folders (the first folder wins) below the real environment. */
export function readEnvironment(real: EnvironmentRecord, folders: readonly string[]): Environment {
  const files = [...new Set(folders.map((folder) => resolve(folder)))].flatMap((folder) => [
    join(folder, ".env.local"),
    join(folder, ".env"),
  ])
  const values: Record<string, string> = {}
  const present: string[] = []
  for (const file of files.toReversed()) {
    const found = parse(file)
    if (!found) continue
    present.unshift(file)
    Object.assign(values, found)
  }
  for (const [name, value] of Object.entries(real)) {
    if (value !== undefined && value !== "") values[name] = value
  }
  return {
    get: (name) => (Object.hasOwn(values, name) ? values[name] || undefined : undefined),
    values,
    files,
    places:
      present.length > 0
        ? `the environment, ${present.join(", ")}`
        : `the environment (there is no .env or .env.local in ${unique(files.map(dirname)).join(" or ")})`,
  }
}

function parse(file: string): Record<string, string> | undefined {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    return undefined
  }
  return lateUtil().parseEnv(text.replace(/^\uFEFF/, "")) as Record<string, string>
}

const unique = (texts: readonly string[]) => [...new Set(texts)]
