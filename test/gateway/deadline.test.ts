import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { type ConfigFile, overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const CHAT = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }

async function over(scripts: readonly string[], more: ConfigFile = {}) {
  const servers = await Promise.all(scripts.map((script) => use(startUpstream({ script }))))
  const config = overUpstreams(servers, { retries: { attempts: 0 }, ...more })
  const router = await use(startRouter(config))
  const [channel] = router.runtime.snapshot.table.groups.get("g")!.channels
  return { ...router, servers, channel: channel! }
}

const TOTAL = { timeouts: { total: "300ms" } }

describe("`timeouts.total`", () => {
  const requests: Record<string, [path: string, body: object]> = {
    chat: [CHAT, ASK],
    "a stream": [CHAT, STREAM],
    responses: ["/v1/responses", { model: "g", input: "hi" }],
    messages: ["/v1/messages", { ...ASK, max_tokens: 9 }],
    gemini: [
      "/v1beta/models/g:generateContent",
      { contents: [{ role: "user", parts: [{ text: "hi" }] }] },
    ],
  }
  test.each(Object.entries(requests))(
    "is answered in the caller's own protocol, and says which limit it was: %s",
    async (_name, [path, body]) => {
      const { post, servers, rows } = await over(["stall"], TOTAL)
      const response = await post(path, body)
      expect(response.status).toBe(504)
      const { error } = (await response.json()) as { error: { message: string } }
      expect(error.message).toContain("within 300 ms (`timeouts.total`)")
      await until(() => servers[0]!.requests[0]!.aborted)
      expect(await rows()).toMatchObject([{ status: 504, error: "upstream-timeout", attempts: 1 }])
    },
  )

  test("leaves a stream's next upstream its share", async () => {
    const { post, servers } = await over(["stall", "hdr|role|stall", "ok"], {
      timeouts: { total: "4s" },
    })
    const response = await post(CHAT, STREAM)
    expect(response.status).toBe(200)
    expect(await response.text()).toEndWith("data: [DONE]\n\n")
    expect(servers.map((server) => server.count())).toEqual([1, 1, 1])
  })

  test("ends when the answer begins: a long stream goes on", async () => {
    const { post } = await over(["role|tok:20@100ms|done"], { timeouts: { total: "1500ms" } })
    const text = await (await post(CHAT, STREAM)).text()
    expect(text).toEndWith("data: [DONE]\n\n")
  })
})

describe("a caller's own limit", () => {
  test("ends the request, and is no failure of the upstream however often", async () => {
    const { post, channel, runtime } = await over(["stall"])
    for (let n = 0; n < 7; n++) {
      const response = await post(CHAT, ASK, { "x-llmrouter-timeout": "60ms" })
      expect(response.status).toBe(504)
      expect(await response.text()).toContain("60 ms (`x-llmrouter-timeout`)")
    }
    await until(() => channel.health.traffic.inFlight === 0)
    expect(runtime.context.health.standing(channel).state).toBe("ready")
    expect(channel.deployment.health.failures).toBe(0)
  })

  test("does not lengthen what the config allows", async () => {
    const { post } = await over(["stall"], TOTAL)
    const response = await post(CHAT, ASK, { "x-llmrouter-timeout": "30s" })
    expect(await response.text()).toContain("(`timeouts.total`)")
  })
})

test("a limit of a hundred days is one, and not none at all", async () => {
  const { post } = await over(["slow:100ms|ok"])
  const response = await post(CHAT, ASK, { "x-llmrouter-timeout": "2400h" })
  expect(response.status).toBe(200)
})

describe("`timeouts.firstContent`", () => {
  test("leads on from a stream that sends everything but content", async () => {
    const servers = [
      await use(startUpstream({ script: "ping:20ms|hdr|role|stall" })),
      await use(startUpstream({ script: "ok" })),
    ]
    const hasty = { ...servers[0]!, timeouts: { firstContent: "200ms" } }
    const { post } = await use(startRouter(overUpstreams([hasty, servers[1]!])))
    const response = await post(CHAT, STREAM)
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect(await response.text()).toEndWith("data: [DONE]\n\n")
    await until(() => servers[0]!.requests[0]!.aborted)
  })

  test("says which limit it was", async () => {
    const { post } = await over(["hdr|role|stall"], { timeouts: { firstContent: "200ms" } })
    const response = await post(CHAT, STREAM)
    expect(response.status).toBe(504)
    expect(await response.text()).toContain("No content from the upstream within 200 ms")
  })

  test("does not count for whole answers, nor for a stream that has begun", async () => {
    const { post } = await over(["slow:500ms|ok"], { timeouts: { firstContent: "200ms" } })
    expect((await post(CHAT, ASK)).status).toBe(200)
    const slow = await over(["role|tok:2|tok:8@150ms|done"], { timeouts: { firstContent: "1s" } })
    expect(await (await slow.post(CHAT, STREAM)).text()).toEndWith("data: [DONE]\n\n")
  })
})
