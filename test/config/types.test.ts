import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { vendors } from "../../src/cli/init.ts"
import { configFor } from "../../src/cli/init-files.ts"
import { providers } from "../../src/providers/index.ts"

const ROOT = join(import.meta.dir, "../..")
const NAMES = [
  "defineConfig, defineStrategy, env, file",
  "type Config, type Duration, type Money, type ProviderConfig, type ProviderType, type Size, type TimeoutsConfig",
]
const HEAD = `/// <reference path="./llmrouter-env.d.ts" />\nimport { ${NAMES.join(", ")} } from "llmrouter"\n`

interface Example {
  name: string
  file: string
  text: string
}

interface Complaint {
  line: number
  message: string
}

const wrong = examples("wrong")
const right = examples("right")
const everyType: Example = {
  name: "every provider type of the registry",
  file: "registry.ts",
  text: `${HEAD}export default defineConfig({
  providers: {
${[...providers.keys()].map((type) => `    "my-${type}": { type: "${type}", baseUrl: "http://127.0.0.1:1/v1" },`).join("\n")}
  },
  groups: { all: [${[...providers.keys()].map((type) => `"my-${type}/a-model"`).join(", ")}] },
})\n`,
}

const written: Example[] = [
  { name: "the example that everyone copies", file: "example.ts", text: configFor([]) },
  { name: "what init writes for every vendor", file: "vendors.ts", text: configFor(vendors) },
]

let complaints: Map<string, Complaint[]>
let folder: string

beforeAll(async () => {
  // Nothing but the declarations: no node_modules, no tsconfig.
  folder = mkdtempSync(join(tmpdir(), "llmrouter-types-"))
  cpSync(join(ROOT, "llmrouter-env.d.ts"), join(folder, "llmrouter-env.d.ts"))
  const all = [...wrong, ...right, everyType, ...written]
  for (const { file, text } of all) writeFileSync(join(folder, file), text)
  complaints = await check(all.map(({ file }) => file))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("has enough examples to mean something", () => {
  expect(wrong.length).toBeGreaterThanOrEqual(50)
  expect(right.length).toBeGreaterThanOrEqual(12)
})

describe("rejects", () => {
  for (const { name, file, text } of wrong) {
    test(name, () => {
      const expected = text.split("\n").flatMap((source, index) => {
        const message = /\/\/! (.+)$/.exec(source)?.[1]
        return message ? [{ line: index + 1, message: expect.stringContaining(message) }] : []
      })
      expect(expected.length).toBeGreaterThan(0)
      expect(complaints.get(file) ?? []).toEqual(expected)
    })
  }
})

describe("accepts", () => {
  for (const { name, file } of [...right, everyType, ...written]) {
    test(name, () => expect(complaints.get(file) ?? []).toEqual([]))
  }
})

test("finds nothing wrong with the declarations themselves", () => {
  expect(complaints.get("llmrouter-env.d.ts") ?? []).toEqual([])
})

/** The examples of a fixture, each a file of its own below the import. */
function examples(kind: "right" | "wrong"): Example[] {
  const path = join(ROOT, `test/fixtures/config-types/${kind}.txt`)
  const [, ...parts] = readFileSync(path, "utf8").split(/^### /m)
  return parts.map((part, index) => {
    const end = part.indexOf("\n")
    return {
      name: part.slice(0, end),
      file: `${kind}-${index}.ts`,
      text: HEAD + part.slice(end + 1),
    }
  })
}

/** Runs the compiler once over all files. @returns its complaints by file, by line. */
async function check(files: string[]): Promise<Map<string, Complaint[]>> {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc")
  const flags = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes"]
  const { stdout, exited } = Bun.spawn(
    [process.execPath, compiler, ...flags, "--noErrorTruncation", "--pretty", "false", ...files],
    { cwd: folder, stdout: "pipe", stderr: "inherit" },
  )
  const output = await new Response(stdout).text()
  await exited
  const found = new Map<string, Complaint[]>()
  for (const line of output.split("\n")) {
    const match = /^([^\s(]+)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line)
    if (match) {
      const [, file = "", at, message = ""] = match
      found.set(file, [...(found.get(file) ?? []), { line: Number(at), message }])
    } else if (line.startsWith("error")) throw new Error(output)
    else if (line.startsWith(" ")) {
      // The chain below a complaint says the same in detail.
      const last = [...found.values()].at(-1)?.at(-1)
      if (last) last.message += `\n${line}`
    }
  }
  for (const list of found.values()) list.sort((a, b) => a.line - b.line)
  return found
}
