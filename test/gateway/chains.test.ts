import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const CHAT = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

const TOO_LONG =
  "status:400;code=context_length_exceeded;message=This model's maximum context length is 8192 tokens."
const REFUSED = "status:400;code=content_filter;message=The response was filtered."

/** Groups by name, each of one upstream with a script. */
async function groups(scripts: Record<string, string>, of: Record<string, object> = {}) {
  const names = Object.keys(scripts)
  const servers = await Promise.all(
    names.map((name) => use(startUpstream({ script: scripts[name]! }))),
  )
  const router = await use(
    startRouter({
      retries: { attempts: 0 },
      providers: Object.fromEntries(
        names.map((name, n) => [name, { type: "openai-compatible", baseUrl: servers[n]!.url }]),
      ),
      groups: Object.fromEntries(
        names.map((name) => [name, { models: [`${name}/m-${name}`], ...of[name] }]),
      ),
    }),
  )
  return { ...router, counts: () => servers.map((server) => server.count()) }
}

describe("a request that is too long for its model", () => {
  for (const stream of [false, true]) {
    test(`is answered by the group for long ones (streaming: ${stream})`, async () => {
      const { post, counts } = await groups(
        { g: TOO_LONG, spare: "ok", long: "ok" },
        { g: { fallbacks: ["spare"], contextFallbacks: ["long"] } },
      )
      const response = await post(CHAT, { ...ASK, stream })
      expect(response.status).toBe(200)
      expect(response.headers.get("x-llmrouter-deployment")).toBe("long/m-long")
      await response.text()
      expect(counts()).toEqual([1, 0, 1])
    })
  }

  test("comes back unchanged where there is no such group", async () => {
    const { post, counts } = await groups(
      { g: TOO_LONG, spare: "ok" },
      { g: { fallbacks: ["spare"] } },
    )
    const response = await post(CHAT, ASK)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("maximum context length is 8192")
    expect(counts()).toEqual([1, 0])
  })

  test("comes back unchanged where the long one does not take it either", async () => {
    const { post, counts } = await groups(
      { g: TOO_LONG, long: TOO_LONG.replace("8192", "16384") },
      { g: { contextFallbacks: ["long"] } },
    )
    const response = await post(CHAT, ASK)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("16384")
    expect(counts()).toEqual([1, 1])
  })
})

describe("a request that is refused for what it says", () => {
  test("is answered by the group for such ones", async () => {
    const { post, counts } = await groups(
      { g: REFUSED, spare: "ok", free: "ok" },
      { g: { fallbacks: ["spare"], contentPolicyFallbacks: ["free"] } },
    )
    const response = await post(CHAT, ASK)
    expect(response.headers.get("x-llmrouter-deployment")).toBe("free/m-free")
    expect(counts()).toEqual([1, 0, 1])
  })

  test("comes back unchanged where there is none", async () => {
    const { post, counts } = await groups(
      { g: REFUSED, spare: "ok" },
      { g: { fallbacks: ["spare"] } },
    )
    const response = await post(CHAT, ASK)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("content_filter")
    expect(counts()).toEqual([1, 0])
  })
})
