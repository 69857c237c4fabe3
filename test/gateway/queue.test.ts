import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const CHAT = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }

/** One deployment that takes two requests at once, and perhaps a queue before it. */
async function narrow(queue?: object, script = "slow:50ms|ok") {
  const upstream = await use(startUpstream({ script }))
  const router = await use(
    startRouter({
      providers: { u: { type: "openai-compatible", baseUrl: upstream.url } },
      groups: {
        g: {
          models: [{ provider: "u", model: "ok", limits: { parallel: 2 } }],
          ...(queue && { queue }),
        },
      },
    }),
  )
  return { ...router, upstream, waiting: () => router.runtime.context.queues.of("g").size }
}

describe("a deployment that takes two requests at once", () => {
  test("refuses a third one that came with them, without asking the upstream", async () => {
    const { post, upstream } = await narrow(undefined, "slow:300ms|ok")
    const answers = await Promise.all([1, 2, 3].map(() => post(CHAT, ASK)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429])
    expect(upstream.count()).toBe(2)
    const refused = answers.find(({ status }) => status === 429)!
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
  })

  for (const body of [ASK, STREAM]) {
    test(`serves all of those who wait: ${"stream" in body ? "streams" : "whole answers"}`, async () => {
      const { post, upstream, waiting } = await narrow({ max: 50, timeout: "30s" })
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const response = await post(CHAT, body)
          await response.text()
          return response.status
        }),
      )
      expect(answers).toEqual(Array(20).fill(200))
      expect(upstream.count()).toBe(20)
      expect(waiting()).toBe(0)
    })
  }

  test("holds a stream's place until its end", async () => {
    const { post, upstream, waiting } = await narrow(
      { max: 5, timeout: "30s" },
      "role|tok:1|gate|tok:1|done",
    )
    const streams = await Promise.all([post(CHAT, STREAM), post(CHAT, STREAM)])
    const third = post(CHAT, STREAM)
    await until(() => waiting() === 1)
    expect(upstream.count()).toBe(2)
    upstream.requests[0]!.gate.open()
    await streams[0]!.text()
    await until(() => upstream.count() === 3)
    upstream.requests[1]!.gate.open()
    upstream.requests[2]!.gate.open()
    await streams[1]!.text()
    expect((await third).status).toBe(200)
    await (await third).text()
  })

  test("lets a waiting client leave", async () => {
    const { post, url, upstream, waiting, rows } = await narrow(
      { max: 5, timeout: "30s" },
      "gate|ok",
    )
    const first = [post(CHAT, ASK), post(CHAT, ASK)]
    await until(() => upstream.count() === 2)
    const client = new AbortController()
    const left = fetch(url + CHAT, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ASK),
      signal: client.signal,
    })
    await until(() => waiting() === 1)
    client.abort()
    await expect(left).rejects.toThrow()
    await until(() => waiting() === 0)
    for (const request of upstream.requests) request.gate.open()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
    expect(upstream.count()).toBe(2)
    const statuses = (await rows()).map(({ status }) => Number(status))
    expect(statuses.sort()).toEqual([200, 200, 499])
  })

  test("says 429 to who has waited in vain", async () => {
    const { post, upstream } = await narrow({ max: 5, timeout: "100ms" }, "gate|ok")
    const first = [post(CHAT, ASK), post(CHAT, ASK)]
    await until(() => upstream.count() === 2)
    const response = await post(CHAT, ASK)
    expect(response.status).toBe(429)
    for (const request of upstream.requests) request.gate.open()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
  })
})
