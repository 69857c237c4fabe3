import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { Database } from "bun:sqlite"
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { closing, until } from "../support/cleanup.ts"
import { emptyFolder, type Program, run, serve } from "../support/program.ts"
import { startUpstream } from "../support/upstream/index.ts"

setDefaultTimeout(60_000)
const use = closing()
const body = (rest: object = {}) =>
  JSON.stringify({ model: "g", messages: [{ role: "user", content: "hi" }], ...rest })
const ask = (router: Program, rest: object = {}) =>
  fetch(`${router.url}/v1/chat/completions`, { method: "POST", body: body(rest) })

function config(url: string, rest: object = {}): string {
  return JSON.stringify({
    providers: { u: { type: "openai-compatible", baseUrl: url, keys: ["key-canary-51234567"] } },
    groups: { g: ["u/ok"] },
    ...rest,
  })
}

async function started(script: string, rest: object = {}) {
  const { path } = await use(emptyFolder())
  const upstream = await use(startUpstream({ script }))
  const file = join(path, "llmrouter.config.json")
  writeFileSync(file, config(upstream.url, rest))
  return { path, file, upstream, router: await use(serve(path)) }
}

describe("a reload", () => {
  test("swaps the config under load without one failed request, however it is asked for", async () => {
    const { path, file, upstream, router } = await started("ok")
    let done = false
    let failed = 0
    let served = 0
    const versions = new Set<string>()
    const worker = async (stream: boolean) => {
      while (!done) {
        const response = await ask(router, { stream })
        const text = await response.text()
        const good = response.status === 200 && text.includes(stream ? "[DONE]" : "completion")
        if (!good) failed++
        served++
        versions.add(response.headers.get("x-llmrouter-config")!)
      }
    }
    const load = [worker(true), worker(false), worker(true), worker(false)]
    let generation = 0
    const write = () =>
      config(upstream.url, { exposeModels: ++generation % 2 === 0, retries: 10 + generation })
    const taken = async (act: () => unknown) => {
      const before = versions.size
      await act()
      await until(() => versions.size > before)
    }
    await until(() => versions.size === 1)
    await taken(() => writeFileSync(file, write()))
    await taken(() => {
      writeFileSync(join(path, "next.tmp"), write())
      renameSync(join(path, "next.tmp"), file)
    })
    await taken(async () => {
      writeFileSync(file, write())
      await fetch(`${router.url}/admin/reload`, { method: "POST" })
    })
    await taken(() => {
      writeFileSync(file, write())
      router.kill("SIGHUP")
    })
    done = true
    await Promise.all(load)
    expect(failed).toBe(0)
    expect(served).toBeGreaterThan(versions.size)
    expect(versions.size).toBeGreaterThanOrEqual(5)
  })

  test("of a bad file keeps the old config, and says so in the answer, the log and /health", async () => {
    const { file, router, upstream } = await started("ok")
    writeFileSync(file, config(upstream.url, { groups: { g: ["nowhere/ok"] } }))
    const response = await fetch(`${router.url}/admin/reload`, { method: "POST" })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ status: "failed", problems: [{ line: 1 }] })
    expect((await ask(router)).status).toBe(200)
    const health = (await (await fetch(`${router.url}/health`)).json()) as Record<string, unknown>
    expect(health).toMatchObject({ status: "degraded", config: { reload: { ok: false } } })
    await until(() => router.output().includes("config not taken"))
    writeFileSync(file, config(upstream.url))
    await fetch(`${router.url}/admin/reload`, { method: "POST" })
    expect(await (await fetch(`${router.url}/health`)).json()).toMatchObject({ status: "ok" })
  })
})

describe("the end", () => {
  test("SIGTERM lets streams finish, refuses new requests, and is not ready meanwhile", async () => {
    const { upstream, router } = await started("role|tok:6@200ms|done")
    const response = await ask(router, { stream: true })
    const reader = response.body!.getReader()
    await reader.read()
    router.kill("SIGTERM")
    await until(async () => (await fetch(`${router.url}/health/ready`)).status === 503)
    expect((await fetch(`${router.url}/health/live`)).status).toBe(200)
    expect((await ask(router)).status).toBe(503)
    let text = ""
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += Buffer.from(part.value).toString()
    }
    expect(text).toEndWith("data: [DONE]\n\n")
    expect(await router.exited).toBe(0)
    expect(upstream.count()).toBe(1)
  })

  test("answers that do not finish are told so when `server.drain` is over, and so are their rows", async () => {
    const { path, upstream, router } = await started("hdr|role|tok:2|stall", {
      server: { drain: "200ms", keepAlive: "50ms" },
    })
    const stream = await ask(router, { stream: true })
    upstream.script("stall")
    const waiting = ask(router)
    const quiet = await ask(router, { stream: true })
    await until(() => upstream.count() === 3)
    router.kill("SIGTERM")
    for (const response of [stream, quiet]) {
      const text = await response.text()
      const events = text.split("\n\n").filter((event) => event.startsWith("data: {"))
      expect(events.at(-1)).toContain('"code":"shutting_down"')
      expect(text).toEndWith("\n\n")
    }
    const whole = await waiting
    expect(whole.status).toBe(503)
    expect(await whole.json()).toMatchObject({ error: { code: "shutting_down" } })
    expect(await router.exited).toBe(0)
    const db = new Database(join(path, ".llmrouter/llmrouter.db"), { readonly: true })
    const rows = db.query("SELECT status, error, stream FROM usage ORDER BY status").all()
    db.close()
    expect(rows).toEqual([
      { status: 200, error: "unavailable", stream: 1 },
      { status: 200, error: "unavailable", stream: 1 },
      { status: 503, error: "unavailable", stream: 0 },
    ])
  })

  test("a second signal ends at once", async () => {
    const { router } = await started("hdr|role|tok:2|stall")
    const response = await ask(router, { stream: true })
    response.text().catch(() => {})
    router.kill("SIGTERM")
    await until(async () => (await fetch(`${router.url}/health/ready`)).status === 503)
    router.kill("SIGTERM")
    expect(await router.exited).not.toBe(0)
  })

  test("kill -9 loses no request that a client has its answer of", async () => {
    const { path, upstream } = await started("ok")
    for (let round = 0; round < 5; round++) {
      const router = await use(serve(path))
      const answered: string[] = []
      const worker = async (stream: boolean) => {
        for (;;) {
          const response = await ask(router, { stream })
          const text = await response.text()
          if (response.status !== 200 || !/\[DONE\]|"usage"/.test(text)) return
          answered.push(response.headers.get("x-request-id")!)
        }
      }
      const workers = Promise.allSettled([worker(true), worker(false), worker(true)])
      await until(() => answered.length > 20 + round * 17)
      router.kill("SIGKILL")
      await router.exited
      await workers
      const next = await use(serve(path))
      next.kill("SIGTERM")
      await next.exited
      const db = new Database(join(path, ".llmrouter/llmrouter.db"), { readonly: true })
      const kept = new Set(db.query("SELECT id FROM usage").values().flat())
      db.close()
      expect(answered.filter((id) => !kept.has(id))).toEqual([])
    }
    expect(upstream.count()).toBeGreaterThan(100)
  })
})

test("no key, of either side, is in any log, answer, page or database", async () => {
  const caller = "sk-caller-canary-998877"
  const { path, router, file } = await started("status:401;message=bad key key-canary-51234567", {
    auth: { keys: [caller], adminKey: "admin-canary-554433" },
    log: { level: "debug" },
  })
  const headers = { authorization: `Bearer ${caller}`, "content-type": "application/json" }
  const texts: string[] = []
  for (const path of ["/v1/chat/completions", "/v1/embeddings", "/nowhere", "/admin/reload"]) {
    const response = await fetch(router.url + path, { method: "POST", headers, body: body() })
    texts.push(await response.text(), JSON.stringify([...response.headers]))
  }
  for (const path of ["/health", "/v1/models", "/swagger/json"]) {
    texts.push(await (await fetch(router.url + path, { headers })).text())
  }
  writeFileSync(file, '{"auth":{"keys":["sk-caller-canary-998877"],"nope":1}}')
  const admin = { authorization: "Bearer admin-canary-554433" }
  const reload = await fetch(`${router.url}/admin/reload`, { method: "POST", headers: admin })
  texts.push(await reload.text())
  texts.push((await run(path, ["check"])).stderr)
  router.kill("SIGTERM")
  await router.exited
  texts.push(router.output(), await Bun.file(join(path, ".llmrouter/llmrouter.db")).text())
  const all = texts.join("\n")
  expect(all.length).toBeGreaterThan(5000)
  for (const canary of ["key-canary-51234567", caller, "admin-canary-554433"]) {
    expect(all).not.toContain(canary)
  }
})
