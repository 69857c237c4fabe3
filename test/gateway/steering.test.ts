import { afterEach, describe, expect, test } from "bun:test"
import { type ConfigFile, overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function setUp(scripts: readonly string[], more: ConfigFile = {}) {
  const upstreams: Upstream[] = []
  for (const script of scripts) upstreams.push(await startUpstream({ script }))
  open.push(...upstreams)
  const router: Router = await startRouter(overUpstreams(upstreams, { ...FAST, ...more }))
  open.push(router)
  return { ...router, upstreams }
}

const FAST = { retries: { attempts: 1, backoff: "5ms", maxBackoff: "20ms" } }
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const CHAT = "/v1/chat/completions"

/** A request of each protocol with these members more. */
const requests = (more: object): Record<string, [path: string, body: object]> => ({
  chat: [CHAT, { ...ASK, ...more }],
  responses: ["/v1/responses", { model: "g", input: "hi", ...more }],
  messages: ["/v1/messages", { ...ASK, max_tokens: 9, ...more }],
  gemini: [
    "/v1beta/models/g:generateContent",
    { contents: [{ role: "user", parts: [{ text: "hi" }] }], ...more },
  ],
})

describe("the body's `llmrouter`", () => {
  test.each(Object.entries(requests({ llmrouter: { strategy: "round-robin" } })))(
    "never reaches an upstream: %s",
    async (_name, [path, body]) => {
      const { post, upstreams } = await setUp(["ok"])
      const response = await post(path, body)
      expect(response.status).toBe(200)
      expect(Buffer.from(upstreams[0]!.requests[0]!.body).toString()).not.toContain("llmrouter")
    },
  )

  test("leaves every other byte of a relayed body as it was", async () => {
    const { url, upstreams } = await setUp(["ok"])
    const text =
      '{ "llmrouter":{"tags":[]},  "model":"g","seed":1.50, "messages":[{"role":"user","content":"\\"llmrouter\\": no"}] }'
    const sent = await fetch(url + CHAT, {
      method: "POST",
      body: text,
      headers: { "content-type": "application/json" },
    })
    expect(sent.status).toBe(200)
    expect(Buffer.from(upstreams[0]!.requests[0]!.body).toString()).toBe(
      '{  "model":"ok","seed":1.50, "messages":[{"role":"user","content":"\\"llmrouter\\": no"}] }',
    )
  })

  test.each(Object.entries(requests({ llmrouter: { strategy: "lowest-cots" } })))(
    "is refused with near names where it asks for no strategy: %s",
    async (_name, [path, body]) => {
      const { post, upstreams } = await setUp(["ok"])
      const response = await post(path, body)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain("There is no strategy `lowest-cots`")
      expect(upstreams[0]!.count()).toBe(0)
    },
  )

  const wrong: Record<string, [value: unknown, told: string]> = {
    "a list": [[], "must be an object"],
    "a text": ["eu", "must be an object"],
    "an unknown member": [{ tag: "eu" }, "`llmrouter.tag` is not known"],
    "a tag that is a number": [{ tags: [1] }, "`llmrouter.tags` must be a text"],
    "seventeen tags": [{ tags: Array(17).fill("a") }, "at most 16"],
    "a timeout of nothing": [{ timeout: 0 }, "`llmrouter.timeout` must be a time above 0"],
    "a timeout in words": [{ timeout: "soon" }, "`llmrouter.timeout` must be a time above 0"],
    "a fallback that is not there": [{ fallbacks: ["nowhere"] }, "`nowhere` does not exist"],
  }
  test.each(Object.entries(wrong))("says what is wrong with %s", async (_name, [value, told]) => {
    const { post, upstreams } = await setUp(["ok"])
    const response = await post(CHAT, { ...ASK, llmrouter: value })
    expect([400, 404]).toContain(response.status)
    expect(await response.text()).toContain(told)
    expect(upstreams[0]!.count()).toBe(0)
  })

  test("is refused when it is given twice", async () => {
    const { url } = await setUp(["ok"])
    const body = `{"llmrouter":{},"llmrouter":{},${JSON.stringify(ASK).slice(1)}`
    const response = await fetch(url + CHAT, { method: "POST", body })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("given twice")
  })
})

describe("fallbacks of the caller's own", () => {
  const more = (keys?: unknown) => ({
    groups: { g: ["u0/status:500"], spare: ["u1/ok"], other: ["u1/ok"] },
    ...(keys !== undefined && { auth: { keys } }),
  })

  test("are tried, by header and by body", async () => {
    const { post } = await setUp(["status:500", "ok"], more())
    const byHeader = await post(CHAT, ASK, { "x-llmrouter-fallbacks": "spare" })
    expect(byHeader.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    const byBody = await post(CHAT, { ...ASK, llmrouter: { fallbacks: ["u1/ok"] } })
    expect(byBody.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
  })

  test("cannot lead a key to a group that it may not use", async () => {
    const keys = [{ key: "sk-caller-1234567890", name: "a", groups: ["g", "other"] }]
    const { post, upstreams } = await setUp(["status:500", "ok"], more(keys))
    const headers = { authorization: "Bearer sk-caller-1234567890" }
    for (const name of ["spare", "u1/ok"]) {
      const response = await post(CHAT, { ...ASK, llmrouter: { fallbacks: [name] } }, headers)
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { param: "llmrouter.fallbacks" } })
    }
    expect(upstreams[1]!.count()).toBe(0)
    const fine = await post(CHAT, { ...ASK, llmrouter: { fallbacks: ["other"] } }, headers)
    expect(fine.status).toBe(200)
  })

  test("are refused beside a pinned channel", async () => {
    const { post } = await setUp(["ok"])
    const response = await post(CHAT, { ...ASK, model: "g$0", llmrouter: { fallbacks: ["g"] } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("pinned channel")
  })
})

describe("a strategy in the model's name", () => {
  const model = (name: string, weight: number) => ({ provider: name, model: "ok", weight })
  const more = {
    groups: { g: { models: [model("u0", 1), model("u1", 2)] }, "g:random": ["u0/ok"] },
  }

  test("replaces that of the group", async () => {
    const { post } = await setUp(["ok", "ok"], more)
    const named = await post(CHAT, { ...ASK, model: "g:priority" })
    expect(named.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    const seen = new Set<string | null>()
    for (let i = 0; i < 3; i++) {
      const response = await post(CHAT, { ...ASK, model: "g:round_robin" })
      seen.add(response.headers.get("x-llmrouter-deployment"))
    }
    expect(seen.size).toBe(2)
  })

  test("gives way to a group of that whole name", async () => {
    const { post } = await setUp(["ok", "ok"], more)
    const response = await post(CHAT, { ...ASK, model: "g:random" })
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u0/ok")
  })

  test("is no model where there is no such strategy", async () => {
    const { post } = await setUp(["ok", "ok"], more)
    expect((await post(CHAT, { ...ASK, model: "g:chaep" })).status).toBe(404)
  })
})

test("a strategy may be asked for by the short words, wherever it is named", async () => {
  const { post } = await setUp(["ok", "ok"], {
    groups: {
      g: {
        models: [
          { provider: "u0", model: "ok", price: { input: 2, output: 2 } },
          { provider: "u1", model: "ok", price: { input: 1, output: 1 } },
        ],
      },
    },
  })
  const asked = [
    () => post(CHAT, { ...ASK, model: "g:cheap" }),
    () => post(CHAT, { ...ASK, llmrouter: { strategy: "cheap" } }),
    () => post(CHAT, ASK, { "x-llmrouter-strategy": "cheap" }),
  ]
  for (const ask of asked) {
    expect((await ask()).headers.get("x-llmrouter-deployment")).toBe("u1/ok")
  }
  expect((await post(CHAT, ASK)).headers.get("x-llmrouter-deployment")).toBe("u0/ok")
})

describe("a region of the caller's own", () => {
  test("may narrow the region of its key, and not leave it", async () => {
    const key = "caller-key-of-the-eu-0001"
    const { post } = await setUp(["ok", "ok"], {
      groups: {
        g: {
          models: [
            { provider: "u0", model: "ok", region: "eu-north-1" },
            { provider: "u1", model: "ok", region: "eu-west-1" },
          ],
        },
      },
      auth: { keys: [{ key, name: "eu", region: "eu" }] },
    })
    const ask = async (region: string) => {
      const headers = { authorization: `Bearer ${key}`, "x-llmrouter-region": region }
      const response = await post(CHAT, ASK, headers)
      const { error } = (await response.json()) as { error?: { code: string } }
      return error?.code ?? response.headers.get("x-llmrouter-deployment")
    }
    expect(await ask("eu")).toBe("u0/ok")
    expect(await ask("EU-West")).toBe("u1/ok")
    expect(await ask("us")).toBe("region_not_allowed")
    expect(await ask("e")).toBe("region_not_allowed")
  })
})

describe("steering headers", () => {
  test("may hold lists with empty places", async () => {
    const { post } = await setUp(["status:500", "ok"], {
      groups: { g: ["u0/status:500"], spare: ["u1/ok"] },
    })
    const answer = await post(CHAT, ASK, {
      "x-llmrouter-fallbacks": "spare, ,",
      "x-llmrouter-tags": ",",
    })
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
  })

  test.each(["x-request-timeout", "x-llmrouter-timeout"])(
    "are called by their own name where they are wrong: %s",
    async (name) => {
      const { post } = await setUp(["ok"])
      const response = await post(CHAT, ASK, { [name]: "soon" })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param: name } })
      expect((await post(CHAT, ASK, { [name]: "9" })).status).toBe(name.includes("llm") ? 504 : 200)
    },
  )
})
