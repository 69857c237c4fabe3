import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { answerText } from "../support/upstream/index.ts"
import { CALLER_IDS, CALLERS, lastRow, listen, openChain, pair } from "./continuation-bench.ts"

const use = closing()

describe("it is no secret", () => {
  test("in the headers, in the stream, and in the ledger with what both have used", async () => {
    const { router, chain } = await openChain(use, [
      ["anthropic-messages", "use:;input=100;output=1|role|tok:5|gate|cut"],
      ["anthropic-messages", "use:;input=120;output=30|say: there"],
    ])
    const heard = await listen(router, "messages", [["quoted", chain[0]!]])
    expect(heard.headers.get("x-llmrouter-continuation")).toBe("allowed")
    expect(heard.comments).toEqual([": llmrouter continuation by u1/claude-sonnet-4-5"])
    const { row, attempts } = await lastRow(router)
    expect(row).toMatchObject({
      deployment: "u1/claude-sonnet-4-5",
      continued: 1,
      usage: "estimated",
      error: null,
      status: 200,
    })
    const said = Math.ceil(Buffer.byteLength(answerText(5)) / 4)
    expect(row["output"]).toBe(said + 30)
    expect(Number(row["input"])).toBeGreaterThanOrEqual(220)
    expect(
      attempts.map(({ channel, why, outcome }) => [channel.split("#")[0], why, outcome]),
    ).toEqual([
      ["u0/claude-sonnet-4-5", "first", "upstream-truncated"],
      ["u1/claude-sonnet-4-5", "continuation", "ok"],
    ])
    const told = heard.events.find(({ type }) => type === "message_delta")
    expect(told?.usage?.output_tokens).toBe(said + 30)
  })

  test("nor what it costs: each has its own price and its own budget", async () => {
    const priced = (provider: string, input: number, output: number) => ({
      provider,
      model: "qwen3-32b",
      price: { input, output },
    })
    const { router, chain } = await openChain(
      use,
      [
        ["openai-chat", "role|line:400|gate|cut", { budget: "$1/month" }],
        ["openai-chat", "use:;input=1000;read=0;output=10|say: there", { budget: "$1/month" }],
      ],
      {
        group: {
          models: [priced("u0", 1, 2), priced("u1", 3, 4)],
        },
      },
    )
    await listen(router, "chat", [["xxxx", chain[0]!]])
    const [row] = await router.rows()
    const input = Number(row!["input"]) - 1000
    const first = input * 1000 + 100 * 2000
    const second = 1000 * 3000 + 10 * 4000
    expect(row).toMatchObject({ output: 110, cost: first + second, wasted: 0 })
    expect((await lastRow(router)).attempts).toMatchObject([{ cost: first }, { cost: null }])
    const { spending, clock } = router.runtime.context
    const left = (at: number, cost: number) => {
      const { provider } = router.runtime.snapshot.table.groups.get("g")!.deployments[at]!
      return spending.usedUpUntil(provider, 1e9 - cost, clock.now()) === undefined
    }
    expect([left(0, first), left(0, first - 1)]).toEqual([true, false])
    expect([left(1, second), left(1, second - 1)]).toEqual([true, false])
  })

  test("but never as a comment to clients that know none", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "say: there"))
    const heard = await listen(router, "gemini", [["Hello", chain[0]!]])
    expect(heard.comments).toEqual([])
    expect(heard.text).toBe("Hello there")
  })

  test("nor in the log, which names both", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "say: there"))
    const { context } = router.runtime
    const warned: unknown[] = []
    const warn = (message: string, fields?: object) => void warned.push([message, fields])
    Object.assign(context, { logger: { ...context.logger, warn } })
    await listen(router, "chat", [["Hello", chain[0]!]])
    expect(warned).toMatchObject([
      [
        "another upstream goes on with a stream that broke off",
        { channel: "u1/qwen3-32b#-", broken: "u0/qwen3-32b#-", error: "upstream-truncated" },
      ],
    ])
  })

  test("and what broke off counts against its channel", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "say: there"))
    await listen(router, "chat", [["Hello", chain[0]!]])
    const [first, second] = router.runtime.snapshot.table.groups.get("g")!.deployments
    expect(first!.health.failures).toBe(1)
    expect(second!.health.failures).toBe(0)
  })
})

test("the next upstream has as long to begin as the first", async () => {
  const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "stall"), {
    timeouts: { total: "300ms" },
  })
  const heard = await listen(router, "chat", [["Hello", chain[0]!]])
  expect(heard).toMatchObject({ text: "Hello", error: true })
  const { row, attempts } = await lastRow(router)
  expect(row).toMatchObject({ deployment: "u0/qwen3-32b", continued: 0, status: 200 })
  expect(attempts.map(({ why, outcome }) => [why, outcome])).toEqual([
    ["first", "upstream-truncated"],
    ["continuation", "upstream-timeout"],
  ])
})

test("a client that leaves while the next upstream is silent ends that, too", async () => {
  const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "stall"))
  const leaving = new AbortController()
  const [path, body] = CALLERS.chat
  const response = await fetch(router.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: leaving.signal,
  })
  const reader = response.body!.getReader()
  let raw = ""
  while (!raw.includes("Hello")) raw += Buffer.from((await reader.read()).value!).toString()
  chain[0]!.requests[0]!.gate.open()
  const rest = reader.read().catch(() => {})
  await chain[1]!.waitFor(({ requests }) => requests.length === 1)
  leaving.abort()
  await rest
  await chain[1]!.waitFor(({ requests }) => requests[0]!.aborted)
  await until(async () => (await router.rows()).length === 1)
  const { row, attempts } = await lastRow(router)
  expect(row).toMatchObject({ status: 499, error: "client-gone", continued: 0 })
  expect(attempts).toMatchObject([
    { why: "first", outcome: "upstream-truncated" },
    { why: "continuation", outcome: "cancelled", duration: expect.any(Number) },
  ])
  const { budget } = router.runtime.context
  const health = router.runtime.snapshot.table.groups.get("g")!.deployments[1]!.health
  // The attempt ends some turns after the row of the client that has left.
  await until(() => budget.retries === 0 && health.traffic.inFlight === 0)
  expect(health.failures).toBe(0)
})

test("a router that shuts down does not go on with streams", async () => {
  const { router, chain } = await openChain(use, pair("role|tok:1|stall", "say: there"))
  const heard = await listen(router, "chat", [["Hello", () => router.listener.cut()]])
  expect(heard.error).toBe(true)
  expect(heard.raw).toContain("shutting_down")
  expect(chain[1]!.count()).toBe(0)
})

test.each(CALLER_IDS)(
  "a client of %s gets keepalives while the next upstream is silent",
  async (caller) => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "gate|say: there"), {
      server: { keepAlive: "30ms" },
    })
    const ping = {
      chat: ": keepalive",
      responses: ": keepalive",
      messages: "event: ping",
      gemini: '"text":""',
    }
    const heard = await listen(router, caller, [
      ["Hello", chain[0]!],
      [ping[caller], () => void openSecond()],
    ])
    async function openSecond() {
      await until(() => chain[1]!.requests.length === 1)
      chain[1]!.requests[0]!.gate.open()
    }
    expect(heard).toMatchObject({ text: "Hello there", whole: true, error: false })
  },
)

test("a later request goes on from an answer that two upstreams have made", async () => {
  const { router, chain } = await openChain(use, [
    ["openai-responses", "role|tok:1|gate|cut"],
    ["anthropic-messages", "say: there"],
  ])
  const first = await listen(router, "responses", [["Hello", chain[0]!]])
  const done = first.events.at(-1) as { response?: { id: string } }
  chain[1]!.script("role|tok:1|done")
  chain[0]!.script("role|tok:2|done")
  const again = await listen(router, "responses", [], { previous_response_id: done.response!.id })
  expect(again.whole).toBe(true)
  const asked = JSON.stringify(chain.flatMap(({ requests }) => requests).at(-1)!.json)
  expect(asked).toContain("Hello there")
  expect(again.headers.get("x-llmrouter-continuation")).toBe("allowed")
})
