import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { type Router, startRouter } from "../support/router.ts"
import { closedPort, startUpstream } from "../support/upstream/index.ts"

const use = closing()
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

const over = (provider: object, model = "ok"): Promise<Router> =>
  use(startRouter({ providers: { p: provider }, groups: { g: [`p/${model}`] } }))

describe("an outbound proxy", () => {
  test("carries the requests of its provider, with its user and password", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const seen: { url: string; login: string | null }[] = []
    const proxy = Bun.serve({
      port: 0,
      async fetch(request) {
        seen.push({ url: request.url, login: request.headers.get("proxy-authorization") })
        const { pathname } = new URL(request.url)
        return fetch(upstream.url.replace("/v1", pathname), {
          method: request.method,
          headers: request.headers,
          body: await request.text(),
          decompress: false,
        } as RequestInit)
      },
    })
    await use({ close: () => proxy.stop(true) })
    const { post } = await over({
      type: "openai-compatible",
      baseUrl: "http://llm.invalid/v1",
      keys: ["key-through-proxy"],
      proxy: `http://user:word@127.0.0.1:${proxy.port}`,
    })
    expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
    expect(seen).toEqual([
      { url: "http://llm.invalid/v1/chat/completions", login: `Basic ${btoa("user:word")}` },
    ])
    expect(upstream.requests[0]!.key).toBe("key-through-proxy")
  })

  test("that is not there is named, and the provider's host is not asked instead", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const proxy = `http://127.0.0.1:${await closedPort()}`
    const { post } = await over({ type: "openai-compatible", baseUrl: upstream.url, proxy })
    expect((await post("/v1/chat/completions", ASK)).status).toBe(502)
    expect(upstream.count()).toBe(0)
  })
})

describe("Azure", () => {
  const azure = (url: string, options: object = {}) => ({
    type: "azure",
    baseUrl: url.replace(/\/v1$/, ""),
    keys: ["key-of-azure-01"],
    ...options,
  })

  test("is asked at the v1 API, where the model is in the body", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const { post } = await over(azure(upstream.url), "my-deployment")
    expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
    const [request] = upstream.requests
    expect(request!.path).toBe("/openai/v1/chat/completions")
    expect(request!.headers["api-key"]).toBe("key-of-azure-01")
    expect(request!.headers["authorization"]).toBeUndefined()
    expect(request!.json).toMatchObject({ model: "my-deployment" })
  })

  test("is asked at a dated API version, where the model is in the path", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const { post } = await over(azure(upstream.url, { apiVersion: "2024-10-21" }), "my deployment")
    expect((await post("/v1/embeddings", { model: "g", input: "hi" })).status).toBe(200)
    expect(upstream.requests[0]!.path).toBe(
      "/openai/deployments/my%20deployment/embeddings?api-version=2024-10-21",
    )
  })
})

test("OpenAI's organization and project go along as headers", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const { post } = await over({
    type: "openai",
    baseUrl: upstream.url,
    keys: ["key-of-openai-1"],
    organization: "org-1",
    project: "proj-1",
  })
  expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
  expect(upstream.requests[0]!.headers).toMatchObject({
    "openai-organization": "org-1",
    "openai-project": "proj-1",
  })
})

test("a group's and a deployment's time limits win over the provider's", async () => {
  const upstream = await use(startUpstream({ script: "slow:400ms" }))
  const provider = {
    type: "openai-compatible",
    baseUrl: upstream.url,
    timeouts: { response: "50ms" },
  }
  const router = await use(
    startRouter({
      providers: { p: provider },
      groups: {
        hasty: ["p/a"],
        calm: { models: ["p/b"], timeouts: { response: "20s" } },
        calmer: { models: [{ provider: "p", model: "c", timeouts: { response: "20s" } }] },
      },
      retries: 0,
    }),
  )
  const ask = async (model: string) =>
    (await router.post("/v1/chat/completions", { ...ASK, model })).status
  expect(await Promise.all([ask("hasty"), ask("calm"), ask("calmer")])).toEqual([504, 200, 200])
})
