import { beforeAll, describe, expect, test } from "bun:test"
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, loadSettings } from "../config/folder.ts"

const PAGES = ["routing.md", "strategies.md", "failures.md", "steering.md", "deploy.md"]
const ENV = {
  OPENAI_KEY_1: "sk-one-0000000001",
  OPENAI_KEY_2: "sk-two-0000000002",
  ANTHROPIC_API_KEY: "sk-ant-0000000001",
  TEAM_KEY: "key-of-the-team-00000001",
  EU_KEY: "key-of-the-eu-0000000001",
}
const PROVIDERS = `  providers: {
    openai: { type: "openai", keys: [env("OPENAI_KEY_1"), env("OPENAI_KEY_2")] },
    anthropic: { type: "anthropic", keys: [env("ANTHROPIC_API_KEY")] },
    local: { type: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1", region: "eu" },
  },
`
const GROUPS = `  groups: { smart: ["openai/gpt-5.6", "local/qwen3:8b"] },\n`

/** A part of a config, in a whole one: what it does not show is filled in. */
function wholeOf(code: string): string {
  if (code.includes("defineConfig(")) return code
  const part = code.trim().replace(/,$/, "")
  return [
    `import { defineConfig, env } from "llmrouter"\nvoid env\nexport default defineConfig({\n`,
    part.startsWith("providers:") ? "" : PROVIDERS,
    part.startsWith("groups:") || part.startsWith("providers:") ? "" : GROUPS,
    `${part},\n})\n`,
  ].join("")
}

const examples = PAGES.flatMap((page) => {
  const blocks = [...readFileSync(join("docs", page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  return (
    blocks
      .map(([, code]) => code!)
      // Programs are run where they are shown.
      .filter((code) => !/^const client/m.test(code))
      .map((code, n) => ({ name: `${page}, number ${n + 1}`, code: wholeOf(code) }))
  )
})

describe("the manual's examples of configs", () => {
  let complaints = ""

  beforeAll(async () => {
    const place = folder()
    cpSync("llmrouter-env.d.ts", join(place, "llmrouter-env.d.ts"))
    const files = examples.map(({ code }, n) => {
      const file = `example-${n}.ts`
      writeFileSync(join(place, file), `/// <reference path="./llmrouter-env.d.ts" />\n${code}`)
      return file
    })
    const compiler = join(process.cwd(), "node_modules/typescript/bin/tsc")
    const flags = ["--ignoreConfig", "--noEmit", "--strict", "--pretty", "false"]
    const { stdout } = Bun.spawn([process.execPath, compiler, ...flags, ...files], {
      cwd: place,
      stdout: "pipe",
      stderr: "inherit",
    })
    complaints = await new Response(stdout).text()
  }, 120_000)

  test("are enough to mean something", () => {
    expect(examples.length).toBeGreaterThanOrEqual(10)
  })

  test("have no mistake that an editor would mark", () => {
    expect(complaints).toBe("")
  })

  for (const { name, code } of examples) {
    test(`have no mistake that the router would find: ${name}`, async () => {
      const place = folder({ "llmrouter.config.ts": code })
      const { groups, providers } = await loadSettings(place, { env: ENV })
      expect(groups.length + providers.length).toBeGreaterThan(0)
    })
  }
})
