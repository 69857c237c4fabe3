import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { closing } from "../support/cleanup.ts"
import { emptyFolder } from "../support/program.ts"

setDefaultTimeout(60_000)
const use = closing()

/** What a start that only has to answer can do without. */
const LATE = [
  ["parsers that find mistakes", /@babel\/parser/],
  ["the reader of YAML", /\/yaml\//],
  ["published prices", /genai-prices/],
  ["the vocabulary", /gpt-tokenizer/],
  ["the plugin of the OpenAPI page", /@elysiajs\/swagger/],
  ["what that one brings", /\/zod\//],
  ["what the OpenAPI page says", /src\/server\/openapi\//],
  ["what colours ask of a terminal", /picocolors/],
  ["the prompts of `init`", /@clack/],
  ["the simulator", /src\/simulator\//],
  ["the server of rarer routes", /\/elysia\/|src\/server\/app\.ts/],
] as const

/** The modules that are loaded when a path has been answered, path by path. */
function loadedAfter(providers: object, ...paths: string[]): Promise<string[][]> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return loadedBy("loaded.ts", providers, String(port), ...paths)
}

/** What a program of `programs` prints of the modules that it has loaded. */
async function loadedBy(name: string, providers: object, ...args: string[]): Promise<string[][]> {
  const { path } = await use(emptyFolder())
  const file = join(path, "llmrouter.config.json")
  const [model] = Object.keys(providers).map((provider) => `${provider}/m`)
  writeFileSync(file, JSON.stringify({ providers, groups: { g: [model] }, storage: false }))
  const program = join(import.meta.dir, "programs", name)
  const child = Bun.spawn([process.execPath, program, file, ...args], {
    cwd: path,
    stdout: "ignore",
    stderr: "pipe",
  })
  const text = await new Response(child.stderr).text()
  expect(await child.exited).toBe(0)
  const lists = text.split("\n").filter((line) => line.startsWith("["))
  return lists.map((line) => JSON.parse(line) as string[])
}

describe("a start", () => {
  const own = { local: { type: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1" } }
  const priced = { openai: { type: "openai", keys: ["sk-0123456789abcdef0123"] } }
  let atFirst: string[] = []
  let withDocument: string[] = []
  beforeAll(async () => {
    const lists = await loadedAfter(own, "/health/live", "/swagger/json")
    expect(lists).toHaveLength(2)
    ;[atFirst = [], withDocument = []] = lists
  })

  test("has loaded what serves", () => {
    expect(atFirst.filter((file) => file.endsWith("src/server/front/index.ts"))).toHaveLength(1)
  })

  test("loads the server of rarer routes when somebody asks for one", () => {
    expect(withDocument.filter((file) => file.endsWith("src/server/app.ts"))).toHaveLength(1)
  })

  test.each(LATE)("has not loaded %s when it answers first", (_what, pattern) => {
    expect(atFirst.filter((file) => pattern.test(file))).toEqual([])
  })

  test("loads what the OpenAPI page says when somebody reads it", () => {
    expect(withDocument.some((file) => /src\/server\/openapi\//.test(file))).toBe(true)
    expect(withDocument.some((file) => /@elysiajs\/swagger/.test(file))).toBe(true)
  })

  test("has loaded nothing of what requests go through when it listens", async () => {
    const [loaded = []] = await loadedBy("listening.ts", priced)
    expect(loaded.some((file) => /src\/server\/front\//.test(file))).toBe(true)
    const late = /src\/(gateway|protocols|canonical)\/|src\/routing\/build-table|genai-prices/
    expect(loaded.filter((file) => late.test(file))).toEqual([])
  })

  test("loads published prices where a provider has them", async () => {
    const [loaded = []] = await loadedAfter(priced, "/v1/models")
    expect(loaded.some((file) => /genai-prices/.test(file))).toBe(true)
  })
})
