import { expect } from "bun:test"
import { realpathSync } from "node:fs"
import { join } from "node:path"
import type { Code } from "../../../src/config/codes.ts"
import type { Diagnostic } from "../../../src/config/diagnostic.ts"
import { folder, load, write } from "../folder.ts"

/** A config with one mistake, marked by ⟦ and ⟧, and what makes it right. */
export interface Mistake {
  title: string
  code: Code
  /** The config with its mistake marked; `file` is TypeScript when it has no other name. */
  source: string
  file?: string
  /** Part of the message. */
  message?: string
  /** Part of the hint. */
  hint?: string
  /** What takes the marked text's place to make the config right, or does something to the whole. */
  fix: string | ((text: string) => string)
  env?: Readonly<Record<string, string>>
  /** Other files beside it. */
  files?: Readonly<Record<string, string>>
}

/** A TypeScript config with these keys. */
export function config(body: string): string {
  return `import { defineConfig, env } from "llmrouter"\n\nexport default defineConfig({\n${body}\n})\n`
}

/** The same with a provider and nothing else but these keys. */
export function withDemo(body: string): string {
  return config(`  providers: { demo: { type: "demo" } },\n${body}`)
}

/** Loads the broken config, looks at what is reported, repairs it and loads it again. */
export async function expectMistake(mistake: Mistake): Promise<void> {
  const { file = "llmrouter.config.ts", source, env = {}, files = {} } = mistake
  const { text, line, column, length } = unmark(source)
  const cwd = folder({ [file]: text, ...files })

  const broken = await load(cwd, { env, path: file })
  const found = [...broken.warnings, ...(broken.ok ? [] : broken.diagnostics)]
  expect(found.map((diagnostic) => `${diagnostic.code}: ${diagnostic.message}`)).toEqual([
    expect.stringContaining(mistake.code),
  ])
  const [diagnostic] = found as [Diagnostic]
  expect(realpathSync(diagnostic.file!)).toBe(realpathSync(join(cwd, file)))
  expect({ line: diagnostic.line, column: diagnostic.column }).toEqual({ line, column })
  // A place from a stack or a parser has no end.
  if (diagnostic.length !== 1) expect(diagnostic.length).toBe(length)
  if (mistake.message) expect(diagnostic.message).toContain(mistake.message)
  if (mistake.hint) expect(diagnostic.hint).toContain(mistake.hint)

  const { fix } = mistake
  const right = typeof fix === "function" ? fix(text) : source.replace(/⟦[^⟧]*⟧/, () => fix)
  write(cwd, { [file]: right })
  const repaired = await load(cwd, { env, path: file })
  expect(repaired.ok ? [] : repaired.diagnostics).toEqual([])
  expect(repaired.warnings).toEqual([])
}

/** Takes the marks out of a text and says where they were. */
export function unmark(source: string): {
  text: string
  line: number
  column: number
  length: number
} {
  const start = source.indexOf("⟦")
  const end = source.indexOf("⟧") - 1
  const text = source.replace("⟦", "").replace("⟧", "")
  const before = text.slice(0, start)
  const firstLine = text.slice(start, end).split("\n")[0]!
  return {
    text,
    line: before.split("\n").length,
    column: start - before.lastIndexOf("\n"),
    length: firstLine.length,
  }
}
