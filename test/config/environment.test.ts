import { expect, test } from "bun:test"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { folder, load, loadSettings, write } from "./folder.ts"

const CONFIG = `import { defineConfig, env } from "llmrouter"
export default defineConfig({ providers: { openai: { type: "openai", keys: [env("K")] } } })
`

async function keyOf(cwd: string, env: Record<string, string> = {}, path?: string) {
  const { providers } = await loadSettings(cwd, { env, path })
  return providers[0]!.keys[0]?.reveal()
}

test("the real environment wins over .env.local, which wins over .env", async () => {
  const cwd = folder({ "llmrouter.config.ts": CONFIG, ".env": "K=sk-from-dotenv\n" })
  expect(await keyOf(cwd)).toBe("sk-from-dotenv")
  write(cwd, { ".env.local": 'K="sk-from-local"\n' })
  expect(await keyOf(cwd)).toBe("sk-from-local")
  expect(await keyOf(cwd, { K: "sk-from-real" })).toBe("sk-from-real")
})

test("a variable that is set to nothing counts as not set", async () => {
  const cwd = folder({ "llmrouter.config.ts": CONFIG, ".env": "K=sk-from-dotenv\n" })
  expect(await keyOf(cwd, { K: "" })).toBe("sk-from-dotenv")
})

test(".env files beside the config win over the ones in the working directory", async () => {
  const cwd = folder({
    "deploy/llmrouter.config.ts": CONFIG,
    "deploy/.env": "K=sk-beside-config\n",
    ".env": "K=sk-in-cwd\n",
    ".env.local": "K=sk-in-cwd-local\n",
  })
  expect(await keyOf(cwd, {}, "deploy/llmrouter.config.ts")).toBe("sk-beside-config")
  write(cwd, { "deploy/.env": "OTHER=1\n" })
  expect(await keyOf(cwd, {}, "deploy/llmrouter.config.ts")).toBe("sk-in-cwd-local")
})

test("comments, quotes, `export` and a byte order mark in a .env file are understood", async () => {
  const cwd = folder({
    "llmrouter.config.ts": CONFIG,
    ".env": "\uFEFF# keys\nexport K='sk-quoted # not a comment'\n",
  })
  const result = await load(cwd)
  // A key has no spaces, so that this one was read as it is written shows in what is wrong with it.
  expect(result.ok ? [] : result.diagnostics).toMatchObject([{ code: "LR2062" }])
})

test(".env files are in the config's process.env, and not in the router's", async () => {
  const name = "LLMROUTER_TEST_ONLY_IN_DOTENV"
  const cwd = folder({
    "llmrouter.config.ts": `export default { providers: { a: { type: "ollama", baseUrl: process.env["${name}"] } } }\n`,
    ".env": `${name}=http://127.0.0.1:1234/v1\n`,
  })
  const { providers } = await loadSettings(cwd)
  expect(providers[0]!.baseUrl).toBe("http://127.0.0.1:1234/v1")
  expect(process.env[name]).toBeUndefined()
})

test("a type's well-known variable is used when there are no keys", async () => {
  const cwd = folder({
    "llmrouter.config.ts": 'export default { providers: { mine: { type: "openai" } } }\n',
    ".env": "OPENAI_API_KEY=sk-well-known\n",
  })
  expect(await keyOf(cwd)).toBe("sk-well-known")
})

test("missing keys are left out, and a provider without any says where it looked", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { env, file } from "llmrouter"
export default { providers: {
  some: { type: "openai", keys: [env("A"), env("B"), file("none", { optional: true })] },
  none: { type: "openai", keys: [env("B"), file("none")] },
  optional: { type: "openai", keys: [env("B", { optional: true })] },
  keyless: { type: "ollama" },
} }
`,
  })
  const result = await load(cwd, { env: { A: "sk-0123456789abcdef" } })
  if (!result.ok) throw new Error("should load")
  expect(
    result.settings.providers.map(({ keys, missingKeys }) => [keys.length, missingKeys]),
  ).toEqual([
    [1, []],
    [0, ["env B", `file ${join(cwd, "none")}`]],
    [0, ["env B"]],
    [0, []],
  ])
  expect(result.warnings.map(({ code, line }) => `${code} ${line}`)).toEqual([
    "LR2068 3",
    "LR2061 4",
  ])
  expect(result.warnings[0]!.why).toContain("there is no .env or .env.local in")
})

test("a secret is read from a file, without the newline at its end", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { file } from "llmrouter"
export default { providers: { a: { type: "openai", keys: [file("secrets/openai")] } } }
`,
    "secrets/openai": "sk-from-a-file\n",
  })
  const settings = await loadSettings(cwd)
  expect(settings.providers[0]!.keys[0]!.reveal()).toBe("sk-from-a-file")
  expect(settings.providers[0]!.keys[0]!.origin).toBe(`file ${join(cwd, "secrets/openai")}`)
  expect(settings.files).toContain(join(cwd, "secrets/openai"))
})

test("HOST and PORT win over the config, from .env too, and a PORT that is none is an error", async () => {
  const cwd = folder({
    "llmrouter.config.ts":
      'export default { providers: { demo: { type: "demo" } }, server: { port: 1, host: "::1" } }\n',
    ".env": "PORT=9001\n",
  })
  const { server } = await loadSettings(cwd, { env: { HOST: "127.0.0.1" } })
  expect([server.host, server.port]).toEqual(["127.0.0.1", 9001])
  const result = await load(cwd, { env: { PORT: "http" } })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2033", message: expect.stringContaining('"http"') },
  ])
})

test.skipIf(process.platform !== "linux")(
  "a config that cannot be read is said to be so",
  async () => {
    const cwd = folder()
    // A plain file by its kind whose first page no one may read.
    symlinkSync("/proc/self/mem", join(cwd, "llmrouter.config.json"))
    const result = await load(cwd)
    expect(result.ok ? [] : result.diagnostics).toMatchObject([
      { code: "LR2002", message: expect.stringContaining("cannot be read: E") },
    ])
  },
)
