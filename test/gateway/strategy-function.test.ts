import { afterEach, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "../../src/config/load.ts"
import { protocols } from "../../src/protocols/index.ts"
import { createRuntime } from "../../src/runtime.ts"
import { isServed } from "../../src/core/protocol.ts"
import { createApp } from "../../src/server/app.ts"
import { createListener } from "../../src/server/listener.ts"
import { startUpstream } from "../support/upstream/index.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A router whose config is a program. @returns the deployment that answers a text */
async function routerOf(strategy: string): Promise<(content: string) => Promise<string | null>> {
  const folder = mkdtempSync(join(tmpdir(), "llmrouter-test-"))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const upstream = await startUpstream({ script: "ok" })
  closing.push(() => upstream.close())
  const provider = { type: "openai-compatible", baseUrl: upstream.url, models: ["ok"] }
  const path = join(folder, "llmrouter.config.ts")
  writeFileSync(
    path,
    `export default {
      log: { level: "silent" },
      storage: false,
      providers: ${JSON.stringify({ near: provider, far: provider })},
      groups: { g: { models: ["near/ok", "far/ok"], strategy: ${strategy} } },
    }`,
  )
  const load = { path, cwd: folder, env: {} }
  const loaded = await loadConfig(load)
  if (!loaded.ok) throw new Error(loaded.diagnostics.map(({ message }) => message).join("\n"))
  const runtime = await createRuntime({ load, loaded })
  closing.push(() => runtime.close())
  const listener = createListener()
  const app = createApp(runtime, [...protocols.values()].filter(isServed), listener)
  app.listen({ port: 0, hostname: "127.0.0.1" })
  listener.server = app.server!
  closing.push(() => app.server?.stop(true))
  return async (content) => {
    const response = await fetch(`http://127.0.0.1:${app.server!.port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "g", messages: [{ role: "user", content }] }),
    })
    expect(response.status).toBe(200)
    return response.headers.get("x-llmrouter-deployment")
  }
}

test("a function of the config decides where each request goes", async () => {
  const ask = await routerOf(
    `async ({ request, candidates }) =>
      request.inputTokens > 100 ? candidates.find(({ provider }) => provider === "far") : "near/ok"`,
  )
  expect(await ask("short")).toBe("near/ok")
  expect(await ask("long ".repeat(200))).toBe("far/ok")
})

test("a function that throws leaves the config order", async () => {
  const ask = await routerOf(`() => { throw new Error("no idea") }`)
  expect(await ask("hi")).toBe("near/ok")
})
