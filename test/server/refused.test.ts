import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { type ConfigFile, startRouter } from "../support/router.ts"

const use = closing()
const demo = { type: "demo", firstToken: "0", tokensPerSecond: "0" }
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

const router = (config: ConfigFile = {}) =>
  use(startRouter({ providers: { demo }, groups: { g: ["demo/demo"] }, ...config }))

describe("a request that is refused before anything is tried becomes a row", () => {
  test("when its body is too large", async () => {
    const { post, rows } = await router({ limits: { body: "1kb" } })
    const headers = { "user-agent": "a-client/1.0" }
    const response = await post("/v1/chat/completions", { ...ASK, pad: "x".repeat(2000) }, headers)
    expect(response.status).toBe(413)
    expect(await rows()).toMatchObject([
      {
        id: response.headers.get("x-request-id")!,
        status: 413,
        error: "too-large",
        operation: "chat",
        group: null,
        deployment: null,
        attempts: 0,
        client: "a-client/1.0",
      },
    ])
    expect(response.headers.get("x-llmrouter-config")).toMatch(/^[0-9a-f]{12}$/)
  })

  test("when its body is compressed", async () => {
    const { post, rows } = await router()
    const response = await post("/v1/embeddings", "x", { "content-encoding": "gzip" })
    expect(response.status).toBe(415)
    expect(await rows()).toMatchObject([{ status: 415, operation: "embeddings" }])
  })

  test("when a web page sends it to a router without keys", async () => {
    const { post, rows } = await router()
    const response = await post("/v1/chat/completions", ASK, { origin: "https://evil.example" })
    expect(response.status).toBe(403)
    expect(await rows()).toMatchObject([{ status: 403, error: "forbidden" }])
  })

  test("when the router is shutting down, and its client is told when to come again", async () => {
    const { post, rows, listener } = await router()
    await listener.drain()
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(503)
    expect(response.headers.get("retry-after")).toBe("1")
    expect(await response.json()).toMatchObject({ error: { code: "shutting_down" } })
    expect(await rows()).toMatchObject([{ status: 503, error: "unavailable" }])
  })
})
