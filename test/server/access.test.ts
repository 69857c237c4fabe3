import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { closing, until } from "../support/cleanup.ts"
import { emptyFolder, serve } from "../support/program.ts"
import { type ConfigFile, startRouter } from "../support/router.ts"

const use = closing()
const demo = { type: "demo", firstToken: "0", tokensPerSecond: "0" }
const BASE = { providers: { demo }, groups: { g: ["demo/demo"] } }
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const KEY = "sk-router-first-0001"

const router = (config: ConfigFile = {}, hostname?: string) =>
  use(startRouter({ ...BASE, ...config }, hostname))

async function ask(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "text/plain", ...headers },
    body: JSON.stringify(ASK),
  })
  const { error } = (await response.json()) as { error?: { code: string; message: string } }
  return { status: response.status, code: error?.code, message: error?.message ?? "" }
}

describe("a router that other machines can reach", () => {
  test("refuses everybody when a reload takes the caller keys away", async () => {
    const open = await router({ auth: { keys: [KEY] } }, "0.0.0.0")
    const withKey = { authorization: `Bearer ${KEY}` }
    expect((await ask(open.url, withKey)).status).toBe(200)
    open.configure(BASE)
    await open.runtime.reload()
    for (const headers of [{}, withKey]) {
      const refused = await ask(open.url, headers)
      expect(refused).toMatchObject({ status: 401, code: "no_caller_keys" })
      expect(refused.message).toMatch(/auth\.keys.*restart/)
    }
    expect((await fetch(`${open.url}/v1/models`)).status).toBe(401)
    open.configure({ ...BASE, auth: { keys: [KEY] } })
    await open.runtime.reload()
    expect((await ask(open.url, withKey)).status).toBe(200)
  })
})

test("a process that serves other machines says so when its keys are gone, and refuses", async () => {
  const { path } = await use(emptyFolder())
  const file = join(path, "llmrouter.config.json")
  writeFileSync(file, JSON.stringify({ ...BASE, auth: { keys: [KEY] } }))
  const program = await use(serve(path, ["--no-watch"]))
  writeFileSync(file, JSON.stringify(BASE))
  program.kill("SIGHUP")
  await until(() => program.output().includes("every request is refused"))
  expect(await ask(program.url)).toMatchObject({ status: 401, code: "no_caller_keys" })
})

test("caller keys that are listed and not found let nobody in, with a warning", async () => {
  const { path } = await use(emptyFolder())
  writeFileSync(
    join(path, "llmrouter.config.ts"),
    `import { defineConfig, env } from "llmrouter"
export default defineConfig({
  providers: { demo: { type: "demo" } },
  groups: { g: ["demo/demo"] },
  auth: { keys: [env("ROUTER_KEY", { optional: true })] },
})`,
  )
  const program = await use(serve(path))
  for (const headers of [{}, { authorization: "Bearer anything-at-all-0001" }]) {
    const refused = await ask(program.url, headers)
    expect(refused).toMatchObject({ status: 401, code: "no_caller_keys" })
    expect(refused.message).toContain("auth.keys")
  }
  expect(program.output()).toContain("LR2070")
  expect(program.output()).toContain("nobody may call: `auth.keys`")
})

describe("without caller keys", () => {
  test.each([
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "chrome-extension://x",
  ])("a web page of %s cannot call", async (origin) => {
    const { url } = await router()
    const refused = await ask(url, { origin })
    expect(refused).toMatchObject({ status: 403, code: "origin_not_allowed" })
    expect(refused.message).toMatch(/server\.cors.*auth\.keys/)
    expect((await fetch(`${url}/v1/models`, { headers: { origin } })).status).toBe(403)
  })

  test("a name that DNS was made to point here cannot be used", async () => {
    const { url } = await router()
    const refused = await ask(url, { host: "evil.example" })
    expect(refused).toMatchObject({ status: 403, code: "host_not_allowed" })
    expect(refused.message).toMatch(/auth\.keys.*server\.cors/)
  })

  test("pages of this machine and programs can call", async () => {
    const { url } = await router()
    for (const origin of [url, "http://localhost:5173", "https://[::1]:3000"]) {
      expect((await ask(url, { origin })).status).toBe(200)
    }
    for (const host of ["localhost:4000", "app.localhost", "[::1]", "host.docker.internal:4000"]) {
      expect((await ask(url, { host })).status).toBe(200)
    }
  })

  test("origins of `server.cors` can call, by their own name too", async () => {
    const page = "https://chat.example.com"
    const { url } = await router({ server: { cors: { origins: [page] } } })
    expect((await ask(url, { origin: page })).status).toBe(200)
    expect((await ask(url, { origin: page, host: "chat.example.com" })).status).toBe(200)
    expect((await ask(url, { origin: "https://evil.example" })).status).toBe(403)
    const all = await router({ server: { cors: true } })
    expect((await ask(all.url, { origin: page, host: "any.example" })).status).toBe(200)
  })

  test("with keys, an origin decides nothing", async () => {
    const { url } = await router({ auth: { keys: [KEY] } })
    const headers = { authorization: `Bearer ${KEY}`, origin: "https://x.example", host: "a.b" }
    expect((await ask(url, headers)).status).toBe(200)
  })
})
