import { afterAll } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type LoadOptions, type LoadResult, loadConfig } from "../../src/config/load.ts"

const made: string[] = []

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

/** A folder of its own with these files in it, removed when the test file is done. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "llmrouter-config-"))
  made.push(path)
  write(path, files)
  return path
}

/** Writes files below a folder. */
export function write(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** Loads the config of a folder, with nothing from the real environment. */
export function load(cwd: string, options: Omit<LoadOptions, "cwd"> = {}): Promise<LoadResult> {
  return loadConfig({ env: {}, ...options, cwd })
}

/** Loads a config that has to be fine. */
export async function loadSettings(cwd: string, options: Omit<LoadOptions, "cwd"> = {}) {
  const result = await load(cwd, options)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics, null, 2))
  return result.settings
}
