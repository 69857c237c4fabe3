import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { closing } from "../support/cleanup.ts"
import { emptyFolder, serve } from "../support/program.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { rawChat, sendRaw, statuses } from "./support/raw.ts"

const use = closing()
const PROVIDER = "provider-key-0123456789"
const CHAT = { model: "g", messages: [{ role: "user", content: "hi" }] }
const ANSWER = JSON.stringify({ object: "chat.completion", choices: [], usage: null })
const path = "/v1/chat/completions"

describe("a redirect to another origin", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`is not followed (${status}): neither the request nor the key gets there`, async () => {
      const elsewhere = await use(startUpstream({ script: "ok" }))
      const location = `${elsewhere.url}/chat/completions`
      const upstream = await use(
        startUpstream({ script: () => ({ status, headers: { location }, body: "" }) }),
      )
      const config = overUpstreams([{ url: upstream.url, keys: [PROVIDER] }], { retries: 0 })
      const router = await use(startRouter(config))
      const answer = await router.post(path, CHAT)
      expect(answer.status).toBe(502)
      expect(answer.headers.get("location")).toBeNull()
      expect(await answer.text()).not.toContain(PROVIDER)
      expect(upstream.requests[0]?.key).toBe(PROVIDER)
      expect(elsewhere.connections.accepted).toBe(0)
    })
  }
})

describe("an upstream's own headers", () => {
  const OWN = {
    "set-cookie": "upstream=1",
    server: "upstream-server",
    via: "1.1 upstream-proxy",
    "cf-ray": "8f00",
    "openai-organization": "org-secret",
    "openai-processing-ms": "12",
    "x-ratelimit-remaining-requests": "7",
    "x-request-id": "req_of_the_upstream",
    "access-control-allow-origin": "*",
    "strict-transport-security": "max-age=1",
    "x-llmrouter-deployment": "forged",
    "alt-svc": 'h3=":443"',
  }
  const OURS =
    /^(content-type|content-length|date|cache-control|connection|x-accel-buffering|transfer-encoding|vary)$/
  const EVENT = { choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] }
  const ANSWERS = {
    "a whole answer": [200, "application/json", ANSWER, CHAT],
    "a stream": [
      200,
      "text/event-stream",
      `data: ${JSON.stringify(EVENT)}\n\ndata: [DONE]\n\n`,
      { ...CHAT, stream: true },
    ],
    "an error": [400, "application/json", '{"error":{"message":"no"}}', CHAT],
  } as const
  for (const [name, [status, type, body, request]] of Object.entries(ANSWERS)) {
    test(`stay behind with ${name}`, async () => {
      const headers = { ...OWN, "content-type": type }
      const upstream = await use(startUpstream({ script: () => ({ status, headers, body }) }))
      const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
      const answer = await router.post(path, request)
      expect(answer.status).toBe(status)
      for (const [header, value] of Object.entries(OWN)) {
        expect([header, answer.headers.get(header)]).not.toEqual([header, value])
      }
      const foreign = [...answer.headers.keys()].filter(
        (header) => !OURS.test(header) && !/^x-(request-id|llmrouter-[a-z]+)$/.test(header),
      )
      expect(foreign).toEqual([])
      await answer.text()
    })
  }
})

describe("a model name that would break a header", () => {
  const NAMES = [
    "g%0d%0ax-evil: 1",
    "g\r\nx-evil: 1",
    "g\nx-evil: 1",
    "u0/a\r\nx-evil: 1",
    "g\0",
    "ü\r\u2028",
  ]
  for (const name of NAMES) {
    test(`${JSON.stringify(name)} writes no header of its own`, async () => {
      const upstream = await use(startUpstream({ script: "ok" }))
      const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
      const text = await sendRaw(router.url, rawChat(JSON.stringify({ ...CHAT, model: name })))
      expect(statuses(text)).toHaveLength(1)
      expect(statuses(text)[0]).toBeWithin(200, 500)
      const head = text.slice(0, text.indexOf("\r\n\r\n"))
      expect(head).not.toMatch(/^x-evil/im)
      for (const { headers } of upstream.requests) expect(headers["x-evil"]).toBeUndefined()
    })
  }

  test("is spelled in ASCII when a config uses it for a deployment", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const model = "mödel\r\nx-evil: 1"
    const router = await use(startRouter(overUpstreams([{ url: upstream.url, model }])))
    const text = await sendRaw(router.url, rawChat(JSON.stringify(CHAT)))
    expect(statuses(text)).toEqual([200])
    expect(text.slice(0, text.indexOf("\r\n\r\n"))).not.toMatch(/^x-evil/im)
    expect(upstream.requests[0]?.model).toBe(model)
  })
})

describe.each(["production", "development"])("an error of a process with NODE_ENV=%s", (mode) => {
  const CANARY = "canary-of-the-body-77"
  const BAD: [string, string, string][] = [
    ["POST", path, `{"model":"g","messages":["${CANARY}"`],
    ["POST", path, `["${CANARY}"]`],
    ["POST", path, `{"model":{"a":"${CANARY}"}}`],
    ["POST", "/v1/nothing", `{"a":"${CANARY}"}`],
    ["DELETE", path, `{"a":"${CANARY}"}`],
    ["POST", path, `{"model":"g","x":"${CANARY}"}`],
    ["POST", "/v1/%zz", `{"a":"${CANARY}"}`],
  ]
  test("says what is wrong, and holds neither a stack nor the body", async () => {
    const upstream = await use(startUpstream({ script: "rst" }))
    const { path: folder } = await use(emptyFolder())
    const config = overUpstreams([{ url: upstream.url, keys: [PROVIDER] }], { retries: 0 })
    writeFileSync(join(folder, "llmrouter.config.json"), JSON.stringify(config))
    const router = await use(serve(folder, [], { NODE_ENV: mode }))
    for (const [method, target, body] of BAD) {
      const headers = { "content-type": "application/json" }
      const answer = await fetch(router.url + target, { method, body, headers })
      const text = await answer.text()
      expect([target, answer.ok]).toEqual([target, false])
      expect(JSON.parse(text)).toHaveProperty("error.message")
      for (const leak of [CANARY, PROVIDER, "at async", "node_modules", "/src/", "<html"]) {
        expect(text).not.toContain(leak)
      }
    }
    expect(router.output()).not.toContain(CANARY)
  })
})

describe("two Host headers", () => {
  const body = JSON.stringify(CHAT)
  const length = `content-length: ${body.length}`
  for (const hosts of [
    ["localhost", "evil.test"],
    ["evil.test", "localhost"],
  ]) {
    test(`${hosts.join(" then ")} do not pass for this machine`, async () => {
      const upstream = await use(startUpstream({ script: "ok" }))
      const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
      const head = [`POST ${path} HTTP/1.1`, ...hosts.map((host) => `host: ${host}`), length]
      const seen = statuses(await sendRaw(router.url, `${head.join("\r\n")}\r\n\r\n${body}`))
      expect(seen.every((status) => status >= 400 && status < 500)).toBe(true)
      expect(upstream.count()).toBe(0)
    })
  }
})
