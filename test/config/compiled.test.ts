import { beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import { folder, write } from "./folder.ts"

const LOAD = join(import.meta.dir, "../../src/config/load.ts")
let binary = ""

/** A program that loads the config of its working directory twice and prints both; a line on its input is in between. */
const ENTRY = `import { loadConfig } from ${JSON.stringify(LOAD)}
const show = async () => {
  const result = await loadConfig({ limit: 1000 })
  const strategy = result.ok ? result.settings.groups[0]?.strategy : undefined
  const picked = typeof strategy === "function" ? await strategy({ candidates: ["a", "b"] }) : undefined
  const text = result.ok
    ? { models: result.settings.groups.flatMap(({ models }) => models.map(({ model }) => model)), keys: result.settings.providers.map(({ keys }) => keys.map((key) => key.origin)), picked }
    : { diagnostics: result.diagnostics.map(({ code, line, column, hint }) => ({ code, line, column, hint })) }
  process.stdout.write(JSON.stringify(text) + "\\n")
}
await show()
for await (const line of console) {
  if (line) await show()
}
`

beforeAll(async () => {
  const cwd = folder({ "entry.ts": ENTRY })
  binary = join(cwd, "loader")
  const build = Bun.spawn(
    [
      process.execPath,
      "build",
      "--compile",
      "--no-compile-autoload-dotenv",
      join(cwd, "entry.ts"),
      "--outfile",
      binary,
    ],
    { cwd, stdout: "ignore", stderr: "pipe" },
  )
  const complaints = await new Response(build.stderr).text()
  if ((await build.exited) !== 0) throw new Error(complaints)
})

/** Runs the binary in a folder far from any node_modules; `between` runs after its first answer. */
async function run(cwd: string, between?: () => void): Promise<unknown[]> {
  const child = Bun.spawn([binary], {
    cwd,
    env: { HOME: cwd },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const answers: unknown[] = []
  let text = ""
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk)
    const lines = text.split("\n")
    text = lines.pop()!
    for (const line of lines) answers.push(JSON.parse(line))
    if (between && answers.length === 1) {
      between()
      child.stdin.write("again\n")
      child.stdin.flush()
    } else child.stdin.end()
  }
  await child.exited
  return answers
}

test("the binary gives `llmrouter` to a config with no node_modules beside it, and loads it afresh", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { defineConfig, env } from "llmrouter"
import { fast } from "./groups.ts"
export default defineConfig({
  providers: { openai: { type: "openai", keys: [env("K")] } },
  groups: { fast },
} satisfies object)
`,
    "groups.ts": 'import { name } from "./name.ts"\nexport const fast = ["openai/" + name]\n',
    "name.ts": 'export const name = "one"\n',
    ".env": "K=sk-0123456789abcdef\n",
  })
  const answers = await run(cwd, () => write(cwd, { "name.ts": 'export const name = "two"\n' }))
  expect(answers).toEqual([
    { models: ["one"], keys: [["env K"]] },
    { models: ["two"], keys: [["env K"]] },
  ])
})

test("the binary runs a strategy function of the config, and the new one when it changed", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { defineConfig, defineStrategy } from "llmrouter"
import { place } from "./place.ts"
const strategy = defineStrategy(async ({ candidates }) => {
  await new Promise((done) => setTimeout(done, 1))
  return candidates.at(place)
})
export default defineConfig({
  providers: { demo: { type: "demo" } },
  groups: { fast: { strategy, models: ["demo/a", "demo/b"] } },
})
`,
    "place.ts": "export const place = 0\n",
  })
  const answers = await run(cwd, () => write(cwd, { "place.ts": "export const place = -1\n" }))
  expect(answers).toMatchObject([{ picked: "a" }, { picked: "b" }])
})

test("the binary finds the place of a mistake in TypeScript, in YAML and in a syntax error", async () => {
  const ts = 'export default { providers: { demo: { type: "demo" } }, groups: { a: ["dmo/x"] } }\n'
  const cases: readonly (readonly [string, string, object])[] = [
    [
      "llmrouter.config.ts",
      ts,
      { code: "LR2041", line: 1, column: 72, hint: "did you mean `demo`?" },
    ],
    [
      "llmrouter.config.yaml",
      "providers:\n  demo: { type: dmo }\n",
      { code: "LR2031", line: 2, column: 17, hint: "did you mean `demo`?" },
    ],
    ["llmrouter.config.ts", "export default {\n  a b\n}\n", { code: "LR2004", line: 2, column: 5 }],
    [
      "llmrouter.config.ts",
      "await new Promise(() => {})\nexport default {}\n",
      { code: "LR2009", line: 1 },
    ],
  ]
  for (const [name, text, diagnostic] of cases) {
    expect(await run(folder({ [name]: text }))).toMatchObject([{ diagnostics: [diagnostic] }])
  }
})
