import { afterEach, describe, expect, test } from "bun:test"
import type { Plan } from "../../src/gateway/plan.ts"
import type { HealthReport } from "../../src/server/openapi/schemas/channels.ts"
import { type ConfigFile, overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const FAST = { retries: { attempts: 0, backoff: "5ms", maxBackoff: "20ms" } }
const CHAT = "/v1/chat/completions"

async function setUp(scripts: readonly string[], more: ConfigFile = {}) {
  const upstreams: Upstream[] = []
  for (const script of scripts) upstreams.push(await startUpstream({ script }))
  open.push(...upstreams)
  const router: Router = await startRouter(overUpstreams(upstreams, { ...FAST, ...more }))
  open.push(router)
  return { ...router, upstreams }
}

const chat = (more: object = {}) => ({
  model: "g",
  messages: [{ role: "user", content: "hi" }],
  ...more,
})

const channels = ({ groups }: Plan) => groups.flatMap(({ candidates }) => candidates)

describe("POST /admin/explain", () => {
  test("says where a real request would go, and sends it nowhere", async () => {
    const { post, upstreams } = await setUp(["ok", "ok"])
    const response = await post("/admin/explain", chat({ max_tokens: 9 }))
    expect(response.status).toBe(200)
    const plan = (await response.json()) as Plan
    expect(plan).toMatchObject({ group: "g", request: { operation: "chat", maxTokens: 9 } })
    expect(channels(plan).map(({ channel, place }) => [channel, place])).toEqual([
      ["u0/ok#-", 1],
      ["u1/ok#-", 2],
    ])
    expect(upstreams.map((each) => each.count())).toEqual([0, 0])
  })

  test("changes nothing: asked often, turns are still taken from the first on", async () => {
    const { post } = await setUp(["ok", "ok"], {
      groups: { g: { strategy: "round-robin", models: ["u0/ok", "u1/ok"] } },
    })
    for (let i = 0; i < 5; i++) {
      const plan = (await (await post("/admin/explain", chat())).json()) as Plan
      expect(channels(plan)[0]!.channel).toBe("u0/ok#-")
    }
    const real = await post(CHAT, chat())
    expect(real.headers.get("x-llmrouter-deployment")).toBe("u0/ok")
  })

  test("knows why a channel is not used, and until when", async () => {
    const { post } = await setUp(["status:429;ra=30", "ok"])
    await post(CHAT, chat())
    const plan = (await (await post("/admin/explain", chat())).json()) as Plan
    const limited = channels(plan).find(({ channel }) => channel.startsWith("u0/"))!
    expect(limited).toMatchObject({ state: "paused", reason: "rate-limit" })
    expect(limited.place).toBeUndefined()
    expect(Date.parse(limited.until!)).toBeGreaterThan(Date.now())
  })

  test("takes the caller's own steering, and its key's", async () => {
    const auth = {
      keys: [{ key: "sk-caller-1234567890", name: "team", groups: ["g"] }],
      adminKey: "sk-admin-1234567890",
    }
    const groups = { g: ["u0/ok"], spare: ["u1/ok"] }
    const { post } = await setUp(["ok", "ok"], { auth, groups })
    const admin = { authorization: "Bearer sk-admin-1234567890" }
    const steered = { ...admin, "x-llmrouter-fallbacks": "spare" }
    const plan = (await (await post("/admin/explain", chat(), steered)).json()) as Plan
    expect(plan.groups.map(({ group }) => group)).toEqual(["g", "spare"])
    const refused = await post("/admin/explain?key=team", chat(), steered)
    expect(refused.status).toBe(403)
    expect((await post("/admin/explain?key=nobody", chat(), admin)).status).toBe(400)
    const other = chat({ model: "spare" })
    expect((await post("/admin/explain", other, admin)).status).toBe(200)
    expect((await post("/admin/explain?key=team", other, admin)).status).toBe(403)
  })

  test.each([
    ["/v1/messages", chat({ max_tokens: 9 })],
    ["/anthropic/v1/messages", chat({ max_tokens: 9 })],
    ["/v1/responses", { model: "g", input: "hi" }],
    ["/v1beta/models/g:generateContent", { contents: [{ parts: [{ text: "hi" }] }] }],
    ["/v1/embeddings", { model: "g", input: "hi" }],
  ])("reads the body as %s would", async (path, body) => {
    const { post } = await setUp(["ok"])
    const response = await post(`/admin/explain?path=${encodeURIComponent(path)}`, body)
    expect(await response.json()).toMatchObject({ group: "g" })
  })

  test("says what it does not know", async () => {
    const { post } = await setUp(["ok"])
    expect((await post("/admin/explain?path=/v1/nothing", chat())).status).toBe(400)
    expect((await post("/admin/explain", chat({ model: "nope" }))).status).toBe(404)
    expect((await post("/admin/explain", [])).status).toBe(400)
  })
})

describe("GET /admin/explain", () => {
  test("plans a request of which only facts are said", async () => {
    const { url } = await setUp(["ok"])
    const response = await fetch(`${url}/admin/explain?model=g&tools&tokens=12000`)
    expect(await response.json()).toMatchObject({
      group: "g",
      request: { inputTokens: 12000, needs: ["tools"] },
      groups: [{ group: "g", candidates: [{ channel: "u0/ok#-", place: 1 }] }],
    })
  })

  test.each([
    ["model=g&tool", "Did you mean `tools`?"],
    ["model=g&tokens=many", "`tokens` is a whole number"],
    ["model=g&operation=chatting", "`operation` is one of"],
  ])("refuses %s", async (query, told) => {
    const { url } = await setUp(["ok"])
    const response = await fetch(`${url}/admin/explain?${query}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(told)
  })
})

describe("GET /admin/health", () => {
  test("tells of each channel what is known of it", async () => {
    const { post, url } = await setUp(["status:500", "ok"], {
      groups: { g: ["u0/status:500", "u1/ok"], other: ["u1/ok"] },
    })
    await post(CHAT, chat({ model: "g" }))
    const report = (await (await fetch(`${url}/admin/health`)).json()) as HealthReport
    const [bad, good] = report.deployments
    expect(bad).toMatchObject({
      deployment: "u0/status:500",
      groups: ["g"],
      breaker: { state: "closed", failures: 1 },
      traffic: { inFlight: 0, success: 0 },
      channels: [{ state: "paused", reason: "server" }],
    })
    expect(good).toMatchObject({
      deployment: "u1/ok",
      groups: ["g", "other"],
      breaker: { state: "closed", failures: 0 },
      traffic: { requests: 1, success: 1 },
      channels: [{ state: "ready" }],
    })
    expect(Date.parse(bad!.channels[0]!.until!)).toBeGreaterThan(Date.parse(report.time))
  })

  test("leaves out what an upstream did not tell of its limits", async () => {
    const { post, url, upstreams } = await setUp(["ok"])
    const headers = {
      "x-ratelimit-remaining-requests": "5",
      "x-ratelimit-reset-requests": "10m",
      "x-ratelimit-remaining-tokens": "500",
      "x-ratelimit-reset-tokens": "1ms",
    }
    upstreams[0]!.script(() => ({ status: 400, headers, body: {} }))
    await post(CHAT, chat())
    // One that is whole again, and of unknown size, has no end.
    upstreams[0]!.script("status:500")
    await post(CHAT, chat())
    const report = (await (await fetch(`${url}/admin/health`)).json()) as HealthReport
    const { told } = report.deployments[0]!.channels[0]!
    expect(told).toEqual({ requests: { remaining: 4, reset: expect.any(String) } })
  })

  test("is for programs on the same machine where there is no admin key, and for nobody behind a proxy", async () => {
    const { url } = await setUp(["ok"])
    const from = async (headers: Record<string, string>) =>
      (await fetch(`${url}/admin/health`, { headers })).status
    expect(await from({})).toBe(200)
    for (const headers of [
      { origin: "https://evil.example" },
      { host: "router.example" },
      { "x-forwarded-for": "203.0.113.7" },
      { "x-real-ip": "203.0.113.7" },
      { forwarded: "for=203.0.113.7" },
      { via: "1.1 proxy" },
    ]) {
      expect([headers, await from(headers)]).toEqual([headers, 403])
    }
  })

  test("is for administrators only", async () => {
    const { url } = await setUp(["ok"], { auth: { adminKey: "sk-admin-1234567890" } })
    for (const path of ["/admin/health", "/admin/explain?model=g"]) {
      expect((await fetch(url + path)).status).toBe(401)
      const headers = { "x-api-key": "sk-admin-1234567890" }
      expect((await fetch(url + path, { headers })).status).toBe(200)
    }
  })
})
