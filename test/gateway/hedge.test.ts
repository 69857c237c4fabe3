import { unpackRoute } from "../../src/core/route-text.ts"
import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const CHAT = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }

/** A group over upstreams with these scripts, hedged after 100 ms. */
async function hedged(scripts: readonly string[]) {
  const servers = await Promise.all(scripts.map((script) => use(startUpstream({ script }))))
  const base = overUpstreams(servers, { retries: { attempts: 0 } })
  const models = (base["groups"] as { g: string[] }).g
  const router = await use(startRouter({ ...base, groups: { g: { models, hedge: "100ms" } } }))
  const [first, second] = servers
  return { ...router, first: first!, second: second!, servers }
}

const settled = ({ runtime }: Awaited<ReturnType<typeof hedged>>) =>
  runtime.snapshot.table.groups
    .get("g")!
    .channels.every(({ health }) => health.traffic.inFlight === 0)

describe("a hedged request", () => {
  for (const body of [ASK, STREAM]) {
    const way = "stream" in body ? "streaming" : "whole"
    test(`is answered by the second upstream when the first is silent, and the first one is told: ${way}`, async () => {
      const it = await hedged(["stall", "ok"])
      const response = await it.post(CHAT, body)
      expect(response.status).toBe(200)
      expect(await response.text()).toContain("stream" in body ? "[DONE]" : "chat.completion")
      expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
      expect(response.headers.get("x-llmrouter-attempts")).toBe("2")
      await until(() => it.first.requests[0]!.aborted)
      await until(() => settled(it))
      const rows = await it.rows()
      expect(rows).toMatchObject([{ status: 200, deployment: "u1/ok", attempts: 2 }])
      const { health } = it.runtime.context
      const [slow] = it.runtime.snapshot.table.groups.get("g")!.channels
      expect(health.standing(slow!).state).toBe("ready")
    })
  }

  test("is answered by the first upstream when it is faster after all", async () => {
    const it = await hedged(["slow:300ms|ok", "stall"])
    const response = await it.post(CHAT, STREAM)
    expect(await response.text()).toEndWith("data: [DONE]\n\n")
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u0/ok")
    await until(() => it.second.requests[0]!.aborted)
    await until(() => settled(it))
    expect(await it.rows()).toMatchObject([{ status: 200, deployment: "u0/ok", attempts: 2 }])
  })

  test("does not hear a keepalive or a role as an answer", async () => {
    const it = await hedged(["ping:20ms|hdr|role|stall", "ok"])
    const response = await it.post(CHAT, STREAM)
    const text = await response.text()
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect(text.match(/"role":"assistant"/g)).toHaveLength(1)
  })

  test("ends both attempts when its client leaves", async () => {
    const it = await hedged(["stall", "stall"])
    const client = new AbortController()
    const request = fetch(it.url + CHAT, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ASK),
      signal: client.signal,
    })
    await until(() => it.second.count() === 1)
    client.abort()
    await expect(request).rejects.toThrow()
    await until(() => it.servers.every(({ requests }) => requests[0]!.aborted))
    await until(() => settled(it))
    await until(async () => (await it.rows()).length === 1)
    expect(await it.rows()).toMatchObject([{ status: 499, error: "client-gone", attempts: 2 }])
    expect(it.runtime.context.budget.active).toBe(0)
    expect(it.runtime.context.budget.retries).toBe(0)
  })

  test("ends both attempts when the router shuts down", async () => {
    const it = await hedged(["stall", "stall"])
    const response = it.post(CHAT, ASK)
    await until(() => it.second.count() === 1)
    it.listener.cut()
    expect((await response).status).toBe(503)
    await until(() => it.servers.every(({ requests }) => requests[0]!.aborted))
    await until(() => settled(it))
  })

  test("goes on when either fails, with one attempt for each channel", async () => {
    const it = await hedged(["slow:200ms|status:500", "slow:200ms|status:503", "ok"])
    const response = await it.post(CHAT, ASK)
    expect(response.status).toBe(200)
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u2/ok")
    expect(it.servers.map((server) => server.count())).toEqual([1, 1, 1])
  })

  test("is paid honestly: what the slower attempt has cost is guessed, and told apart", async () => {
    const servers = [
      await use(startUpstream({ script: "stall" })),
      await use(startUpstream({ script: "ok" })),
    ]
    const config = overUpstreams(servers)
    // Dollars for a million tokens.
    const price = { input: 10, output: 20 }
    const models = ["u0", "u1"].map((provider) => ({ provider, model: "ok", price }))
    const router = await use(startRouter({ ...config, groups: { g: { models, hedge: "100ms" } } }))
    const answer = await router.post(CHAT, ASK)
    const { usage } = (await answer.json()) as {
      usage: { prompt_tokens: number; completion_tokens: number }
    }
    const [row] = await router.rows()
    const paid = usage.prompt_tokens * 10_000 + usage.completion_tokens * 20_000
    expect(Number(row!["wasted"])).toBeGreaterThan(0)
    expect(row!["cost"]).toBe(paid + Number(row!["wasted"]))
    const { attempts } = unpackRoute(String(row!["route"]))
    expect(attempts).toMatchObject([
      { channel: "u0/ok#-", why: "first", outcome: "cancelled", ttft: null, message: null },
      { channel: "u1/ok#-", why: "hedge", outcome: "ok", wasted: 0 },
    ])
    const [slow, fast] = attempts
    expect(slow!.wasted).toBe(Number(row!["wasted"]))
    expect(fast!.began).toBeGreaterThanOrEqual(slow!.began + 99)
    expect(fast!.duration).toBeGreaterThanOrEqual(fast!.ttft!)
    expect(slow!.duration).toBeGreaterThanOrEqual(99)
  })
})

test("each attempt of a request is on record, with what was wrong", async () => {
  const servers = [
    await use(startUpstream({ script: "status:503;message=try later" })),
    await use(startUpstream({ script: "role|tok:3|done" })),
  ]
  const router = await use(startRouter(overUpstreams(servers)))
  await (await router.post(CHAT, STREAM)).text()
  const [row] = await router.rows()
  const { attempts } = unpackRoute(String(row!["route"]))
  expect(attempts).toMatchObject([
    { channel: "u0/ok#-", why: "first", outcome: "upstream-error", status: 503, ttft: null },
    { channel: "u1/ok#-", why: "next", outcome: "ok", status: null, message: null },
  ])
  expect(attempts[0]!.message).toContain("try later")
  expect(attempts.every(({ duration }) => duration !== null && duration > 0)).toBe(true)
})
