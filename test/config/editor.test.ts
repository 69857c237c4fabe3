import { afterAll, beforeAll, expect, test } from "bun:test"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { providers } from "../../src/providers/index.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { startLanguageServer } from "./language-server.ts"

const PROVIDERS = `providers: {
    openai: { type: "openai" },
    local: { type: "ollama", models: ["qwen3:8b"] },
  },`

let folder: string
let editor: Awaited<ReturnType<typeof startLanguageServer>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "llmrouter-editor-"))
  cpSync(join(import.meta.dir, "../../llmrouter-env.d.ts"), join(folder, "llmrouter-env.d.ts"))
  editor = await startLanguageServer(folder)
}, 60_000)

afterAll(async () => {
  await editor.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A config whose cursor is at `|`. */
const config = (body: string) => `/// <reference path="./llmrouter-env.d.ts" />
import { defineConfig } from "llmrouter"
export default defineConfig({
  ${body}
})
`

test("completes provider types", async () => {
  const labels = await editor.completions(config(`providers: { mine: { type: "|" } },`))
  expect(labels.toSorted()).toEqual([...providers.keys()].sort())
})

test("completes the options of the provider's own type", async () => {
  const labels = await editor.completions(config(`providers: { mine: { type: "openai", | } },`))
  expect(labels).toContain("organization?")
  expect(labels).toContain("baseUrl?")
  expect(labels).not.toContain("resource?")
})

test("completes known and listed models with their providers in a group's list", async () => {
  const labels = await editor.completions(config(`${PROVIDERS} groups: { fast: ["|"] },`))
  expect(labels).toContain("openai/gpt-5-mini")
  expect(labels.filter((label) => label.startsWith("local/"))).toEqual(["local/qwen3:8b"])
})

test("completes models while one is half typed in a group's object", async () => {
  const body = `${PROVIDERS} groups: { fast: { models: ["openai/gpt-5-|"] } },`
  expect(await editor.completions(config(body))).toContain("openai/gpt-5-mini")
})

test("completes providers and their models in a deployment's object", async () => {
  const provider = `${PROVIDERS} groups: { fast: [{ provider: "|" }] },`
  const model = `${PROVIDERS} groups: { fast: [{ provider: "local", model: "|" }] },`
  expect((await editor.completions(config(provider))).toSorted()).toEqual(["local", "openai"])
  expect(await editor.completions(config(model))).toEqual(["qwen3:8b"])
})

test("completes strategies", async () => {
  const body = `${PROVIDERS} groups: { fast: { strategy: "|", models: ["openai/gpt-5"] } },`
  const labels = await editor.completions(config(body))
  expect(labels.toSorted()).toEqual(Object.keys(strategies).sort())
})

test("completes the keys of a strategy function's candidates", async () => {
  const body = `${PROVIDERS} groups: { fast: { strategy: ({ candidates }) => [candidates[0].|], models: ["openai/gpt-5"] } },`
  const labels = await editor.completions(config(body))
  expect(labels).toContain("ttft")
  expect(labels).toContain("inFlight")
})

test("completes the other groups as fallbacks", async () => {
  const groups = `a: ["openai/x"], b: ["openai/x"], c: { models: ["openai/x"], fallbacks: ["|"] }`
  const labels = await editor.completions(config(`${PROVIDERS} groups: { ${groups} },`))
  expect(labels.toSorted()).toEqual(["a", "b"])
})

test("completes every group as the default", async () => {
  const body = `${PROVIDERS} groups: { a: ["openai/x"], b: ["openai/x"] }, defaultGroup: "|",`
  expect((await editor.completions(config(body))).toSorted()).toEqual(["a", "b"])
})

test("shows what a key is for and its default", async () => {
  const shown = await editor.hover(config(`${PROVIDERS} timeouts: { sta|ll: "5m" },`))
  expect(shown).toContain("Longest silence between two events")
  expect(shown).toContain('"5m"')
})
