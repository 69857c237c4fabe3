import { expect, test } from "bun:test"
import { join } from "node:path"
import { checkConfigFile } from "../../src/cli/check.ts"
import { folder, write } from "../config/folder.ts"

const MAIN = join(import.meta.dir, "../../src/cli/main.ts")

const GOOD = `import { defineConfig, env } from "llmrouter"
export default defineConfig({
  providers: { openai: { type: "openai", keys: [env("A"), env("B")] }, demo: { type: "demo" } },
  groups: { fast: ["openai/gpt-5.4-mini", "demo/demo"], safe: { models: ["demo/demo"], fallbacks: ["fast"] } },
})
`
const BAD = GOOD.replace('"openai/gpt', '"opnai/gpt').replace('"demo/demo"],', '"demo"],')
const env = { A: "sk-0123456789abcdef" }

async function run(cwd: string, args: readonly string[], more: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env, ...more },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { stdout, stderr, status }
}

test("a config that is fine is summed up on standard output, its warnings on standard error", async () => {
  const cwd = folder({ "llmrouter.config.ts": GOOD })
  const { stdout, stderr, status } = await checkConfigFile({ cwd, env, color: false })
  expect(status).toBe(0)
  expect(stdout).toBe(`llmrouter.config.ts: fine (found in the working directory)

providers
  openai  openai  1 key
  demo    demo    needs no key

groups
  fast  priority  openai/gpt-5.4-mini, demo/demo
  safe  priority  demo/demo; then fast

no caller keys: loopback only, 1 warning
`)
  expect(stderr).toContain("warning[LR2068]: a key of `providers.openai` is left out")
})

test("a broken config prints every mistake and how many there are, with status 3", async () => {
  const cwd = folder({ "llmrouter.config.ts": BAD })
  const { stdout, stderr, status } = await checkConfigFile({ cwd, env, color: false })
  expect([status, stdout]).toEqual([3, ""])
  expect(stderr).toContain('error[LR2041]: there is no provider "opnai"')
  expect(stderr).toContain('error[LR2047]: "demo" is not a deployment')
  expect(stderr).toContain("2 errors and 1 warning; `llmrouter explain LR2041` says more")
})

test("the command takes a file, prints to the right streams and sets the exit status", async () => {
  const cwd = folder({ "good.ts": GOOD, "bad.ts": BAD })
  const good = await run(cwd, ["check", "good.ts"])
  expect([good.status, good.stdout.split("\n")[0]]).toEqual([
    0,
    "good.ts: fine (named by --config)",
  ])
  const bad = await run(cwd, ["check", "--config", "bad.ts"])
  expect([bad.status, bad.stdout]).toEqual([3, ""])
  expect(bad.stderr).toContain("bad.ts:4:21")
  expect(bad.stderr).not.toContain("\x1b[")
})

test("--json prints the same as data, and nothing else", async () => {
  const cwd = folder({ "llmrouter.config.ts": BAD })
  const bad = await run(cwd, ["check", "--json"])
  expect([bad.status, bad.stderr]).toEqual([3, ""])
  expect(JSON.parse(bad.stdout)).toMatchObject({
    ok: false,
    file: expect.stringContaining("llmrouter.config.ts"),
    diagnostics: [
      { code: "LR2041", line: 4, column: 21, length: 5, hint: "did you mean `openai`?" },
      { code: "LR2047", line: 4 },
    ],
    warnings: [{ code: "LR2068", line: 3 }],
  })
  write(cwd, { "llmrouter.config.ts": GOOD })
  const good = await run(cwd, ["check", "--json"], { B: "sk-1123456789abcdef" })
  expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, diagnostics: [], warnings: [] })
  expect(good.status).toBe(0)
})

test("explain prints what a code means, and says so when there is none", async () => {
  const cwd = folder()
  const known = await run(cwd, ["explain", "LR2041"])
  expect([known.status, known.stdout.split("\n")[0]]).toEqual([
    0,
    "error[LR2041]: unknown provider",
  ])
  const unknown = await run(cwd, ["explain", "LR2o41"])
  expect([unknown.status, unknown.stdout]).toEqual([2, ""])
  expect(unknown.stderr).toContain("Did you mean LR2041?")
})
