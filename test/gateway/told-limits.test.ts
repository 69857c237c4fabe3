import { describe, expect, test } from "bun:test"
import { upstreams } from "../matrix/upstreams.ts"
import { closing } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { type Reply, startUpstream } from "../support/upstream/index.ts"

const use = closing()
const path = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

/** A group over one upstream with two keys, that answers like this. */
async function over(reply: (key: string | undefined) => Reply | string, id = "openai-chat") {
  const up = await use(startUpstream({ script: ({ key }) => reply(key) }))
  const { provider, model } = upstreams.find((each) => each.id === id)!
  const router = await use(
    startRouter({
      providers: {
        p: {
          ...provider(`http://127.0.0.1:${up.port}`),
          keys: ["key-one-000001", "key-two-000002"],
        },
      },
      groups: { g: [`p/${model}`] },
      retries: { attempts: 0 },
    }),
  )
  const channels = router.runtime.snapshot.table.groups.get("g")!.channels
  const now = () => router.runtime.context.clock.now()
  const told = () => channels.map(({ health }) => health.traffic.told)
  return { up, router, channels, now, told }
}

const LIMITS = {
  "x-ratelimit-limit-requests": "500",
  "x-ratelimit-remaining-requests": "499",
  "x-ratelimit-reset-requests": "120s",
  "x-ratelimit-limit-tokens": "200000",
  "x-ratelimit-remaining-tokens": "199000",
  "x-ratelimit-reset-tokens": "6m0s",
}
const CHAT = {
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
}
const EVENT = { choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] }

describe("the limits that an upstream tells are known of the key that it told them to", () => {
  const ANSWERS: Record<string, [Reply, object]> = {
    "with a whole answer": [{ headers: LIMITS, body: CHAT }, ASK],
    "with a stream": [
      {
        headers: { ...LIMITS, "content-type": "text/event-stream" },
        body: `data: ${JSON.stringify(EVENT)}\n\ndata: [DONE]\n\n`,
      },
      { ...ASK, stream: true },
    ],
    "with an error": [{ status: 400, headers: LIMITS, body: { error: { message: "no" } } }, ASK],
  }
  for (const [name, [reply, ask]] of Object.entries(ANSWERS)) {
    test(`${name}, and to nobody else`, async () => {
      const { router, now, told } = await over(() => reply)
      const before = now()
      const answer = await router.post(path, ask)
      await answer.text()
      const [first, second] = told()
      expect(first).toMatchObject({ requests: { limit: 500 }, tokens: { limit: 200_000 } })
      expect(first!.requests!.resetAt).toBeWithin(before + 120_000, before + 180_000)
      expect(first!.tokens!.resetAt).toBeWithin(before + 360_000, before + 420_000)
      expect([second!.requests, second!.tokens]).toEqual([undefined, undefined])
      expect([...answer.headers.keys()].filter((header) => header.includes("limit"))).toEqual([])
    })
  }

  test("in another protocol's own headers", async () => {
    const bucket = (name: string, remaining: number) => [
      [`anthropic-ratelimit-${name}-limit`, "1000"],
      [`anthropic-ratelimit-${name}-remaining`, String(remaining)],
      [`anthropic-ratelimit-${name}-reset`, new Date(Date.now() + 60_000).toISOString()],
    ]
    const headers = Object.fromEntries(
      ["requests", "input-tokens", "output-tokens"].flatMap((name, n) => bucket(name, 900 - n)),
    ) as Record<string, string>
    const body = { type: "error", error: { type: "invalid_request_error", message: "no" } }
    const { router, told } = await over(
      () => ({ status: 400, headers, body }),
      "anthropic-messages",
    )
    await router.post(path, ASK)
    expect(told()[0]).toMatchObject({
      requests: { limit: 1000, remaining: 900 },
      tokens: { limit: 1000, remaining: 898 },
    })
  })

  test("but not those of counting tokens, which are others", async () => {
    const headers = { "anthropic-ratelimit-requests-remaining": "3" }
    const { router, told } = await over(
      () => ({ headers, body: { input_tokens: 4 } }),
      "anthropic-messages",
    )
    const answer = await router.post("/v1/messages/count_tokens", ASK)
    expect(await answer.json()).toMatchObject({ input_tokens: 4 })
    expect(told()[0]!.requests).toBeUndefined()
  })
})

describe("a key that is limited rests as long as the upstream says", () => {
  const FORMS: Record<string, [Reply, number]> = {
    seconds: [{ headers: { "retry-after": "42" } }, 42_000],
    milliseconds: [{ headers: { "retry-after-ms": "42000", "retry-after": "60" } }, 42_000],
    "a date": [
      { headers: { "retry-after": new Date(Date.now() + 3_600_000).toUTCString() } },
      3_600_000,
    ],
    "the reset of what is used up": [
      {
        headers: {
          "x-ratelimit-remaining-tokens": "0",
          "x-ratelimit-reset-tokens": "6m0s",
          "x-ratelimit-remaining-requests": "12",
          "x-ratelimit-reset-requests": "2h0m0s",
        },
      },
      360_000,
    ],
    words: [{ body: { error: { message: "Please try again in 1m30.5s." } } }, 90_500],
    nothing: [{ body: { error: { message: "Slow down." } } }, 60_000],
    nonsense: [{ headers: { "retry-after": "-1" } }, 60_000],
  }
  for (const [name, [reply, wait]] of Object.entries(FORMS)) {
    test(`in ${name}, and the other one is used`, async () => {
      const limited: Reply = { body: { error: {} }, ...reply, status: 429 }
      const { up, router, channels, now } = await over((key) =>
        key === "key-one-000001" ? limited : { body: CHAT },
      )
      const before = now()
      for (let n = 0; n < 4; n++) expect((await router.post(path, ASK)).status).toBe(200)
      const { health } = channels.find(({ health }) => health.reason === "rate-limit")!
      // A slow machine takes its time.
      expect(health.pausedUntil - before).toBeWithin(wait * 0.9, wait + 15_000)
      expect(up.requests.filter(({ key }) => key === "key-one-000001")).toHaveLength(1)
    })
  }

  test("and the caller hears the earliest time when all of them rest", async () => {
    const { router } = await over((key) => ({
      status: 429,
      headers: { "retry-after": key === "key-one-000001" ? "500" : "100" },
      body: { error: { message: "Slow down." } },
    }))
    await router.post(path, ASK)
    const answer = await router.post(path, ASK)
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get("retry-after"))).toBeWithin(70, 101)
  })
})
