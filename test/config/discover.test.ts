import { expect, test } from "bun:test"
import { join } from "node:path"
import { CANDIDATES } from "../../src/config/discover.ts"
import { folder, load } from "./folder.ts"

const JSON_CONFIG = '{ "providers": { "demo": { "type": "demo" } } }'

/** A config that works in any of the kinds of file. */
function textFor(name: string): string {
  return /json|ya?ml/.test(name) ? JSON_CONFIG : `export default ${JSON_CONFIG}`
}

test("of several files in a folder the first kind wins, and the others are named in a warning", async () => {
  for (const [index, name] of CANDIDATES.entries()) {
    const names = CANDIDATES.slice(index)
    const cwd = folder(Object.fromEntries(names.map((other) => [other, textFor(other)])))
    const result = await load(cwd)
    expect(result.file).toBe(join(cwd, name))
    expect(result.ok).toBe(true)
    const ignored = names.slice(1)
    expect(result.warnings.map(({ code }) => code)).toEqual(ignored.length > 0 ? ["LR2012"] : [])
    for (const other of ignored) expect(result.warnings[0]!.message).toContain(other)
  }
})

test("a parent's config is found, and the nearest one wins", async () => {
  const cwd = folder({
    "llmrouter.config.ts": textFor("ts"),
    "a/llmrouter.config.yaml": textFor("yaml"),
    "a/b/c/readme": "",
  })
  const near = await load(join(cwd, "a/b/c"))
  expect(near.file).toBe(join(cwd, "a/llmrouter.config.yaml"))
  expect(near.origin).toBe("found in a parent directory")
  const own = await load(cwd)
  expect(own.file).toBe(join(cwd, "llmrouter.config.ts"))
  expect(own.origin).toBe("found in the working directory")
})

test("LLMROUTER_CONFIG wins over the folder, and --config over both", async () => {
  const cwd = folder({
    "llmrouter.config.ts": textFor("ts"),
    "by-env.json": textFor("json"),
    "by-flag.yaml": textFor("yaml"),
  })
  const env = { LLMROUTER_CONFIG: "by-env.json" }
  const byEnv = await load(cwd, { env })
  expect([byEnv.file, byEnv.origin]).toEqual([
    join(cwd, "by-env.json"),
    "named by LLMROUTER_CONFIG",
  ])
  const byFlag = await load(cwd, { env, path: "by-flag.yaml" })
  expect([byFlag.file, byFlag.origin]).toEqual([join(cwd, "by-flag.yaml"), "named by --config"])
})

test("a folder can be named instead of its config", async () => {
  const cwd = folder({ "deploy/llmrouter.config.json": JSON_CONFIG })
  const result = await load(cwd, { path: "deploy" })
  expect(result.file).toBe(join(cwd, "deploy/llmrouter.config.json"))
})

test("a file that was named and does not exist is an error, not a reason to take another", async () => {
  const cwd = folder({ "llmrouter.config.ts": textFor("ts") })
  const result = await load(cwd, { path: "llmrouter.confg.ts" })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2001", hint: `did you mean \`${join(cwd, "llmrouter.config.ts")}\`?` },
  ])
})

test("a folder without a config that was named is an error", async () => {
  const cwd = folder({ "llmrouter.config.ts": textFor("ts"), "empty/readme": "" })
  const result = await load(cwd, { env: { LLMROUTER_CONFIG: "empty" } })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2001", message: expect.stringContaining("LLMROUTER_CONFIG") },
  ])
})

test("a kind of file that no config is gets an error", async () => {
  const result = await load(folder({ "router.toml": "" }), { path: "router.toml" })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([{ code: "LR2003" }])
})

test("a config that is a folder by accident cannot be read, and that is said", async () => {
  const cwd = folder({ "router.json/llmrouter.config.toml": "" })
  const result = await load(cwd, { path: "router.json" })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([{ code: "LR2001" }])
})

test("without a file there is the demo and nothing else, and a new file would be noticed", async () => {
  const cwd = folder()
  const result = await load(cwd)
  expect(result.file).toBeUndefined()
  expect(result.origin).toBe("no config file: made from the environment")
  expect(result.files).toContain(join(cwd, "llmrouter.config.ts"))
  expect(result.ok && result.settings.providers.map(({ name }) => name)).toEqual(["demo"])
  expect(result.ok && result.settings.defaultGroup).toBe("auto")
  expect(result.warnings).toEqual([])
})

test("without a file every well-known key makes its provider, with groups by model name", async () => {
  const env = { OPENAI_API_KEY: "sk-0123456789abcdef", GROQ_API_KEY: "gsk_0123456789abcdef" }
  const result = await load(folder(), { env })
  if (!result.ok) throw new Error("should load")
  const { providers, groups } = result.settings
  expect(providers.map(({ name }) => name)).toEqual(["openai", "groq", "demo"])
  expect(providers.map(({ keys }) => keys.map(({ origin }) => origin))).toEqual([
    ["env OPENAI_API_KEY"],
    ["env GROQ_API_KEY"],
    [],
  ])
  const [auto, ...others] = groups
  expect(auto!.name).toBe("auto")
  const all = others.flatMap(({ models }) =>
    models.map(({ provider, model }) => `${provider}/${model}`),
  )
  expect(auto!.models.map(({ provider, model }) => `${provider}/${model}`)).toEqual(all)
  expect(all.at(-1)).toBe("demo/demo")
  for (const { name, models } of others) {
    expect(name).not.toMatch(/[/$]/)
    expect(models[0]!.model.endsWith(name) || name.startsWith(models[0]!.provider)).toBe(true)
  }
})
