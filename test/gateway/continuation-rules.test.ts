// biome-ignore-all lint/suspicious/noThenProperty: a key of the config, which nobody awaits
import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { answerText, type Upstream } from "../support/upstream/index.ts"
import {
  CALLER_IDS,
  CALLERS,
  type CallerId,
  type Link,
  listen,
  openChain,
} from "./continuation-bench.ts"

const use = closing()

/** Two upstreams of Chat. */
const pair = (first: string, second: string): Link[] => [
  ["openai-chat", first],
  ["openai-chat", second],
]

const messagesOf = (upstream: Upstream | undefined) =>
  upstream?.requests[0]?.json?.["messages"] as { role: string; content: unknown }[]

/** The attempts of the last request. */
async function attemptsOf(router: { rows(): Promise<Record<string, unknown>[]> }) {
  const row = (await router.rows()).at(-1)!
  const { attempts } = JSON.parse(String(row["route"])) as {
    attempts: { channel: string; why: string; outcome: string }[]
  }
  return { row, attempts }
}

describe("a stream is gone on with", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("behind its event %d", async (count) => {
    const { router, chain } = await openChain(use, pair(`role|tok:${count}|gate|cut`, "say: End."))
    const last = JSON.stringify(answerText(count).slice(-2)).slice(1, -1)
    const heard = await listen(router, "chat", [[last, chain[0]!]])
    expect(heard.text).toBe(`${answerText(count)} End.`)
    expect(heard).toMatchObject({ whole: true, error: false })
  })

  test.each([
    ["an end without its terminal event", "fin"],
    ["a reset connection", "rst"],
    ["an error event", "err:overloaded"],
    ["nonsense", "junk|stall"],
    ["silence", "stall"],
  ])("after %s", async (_, death) => {
    const { router, chain } = await openChain(use, pair(`role|tok:2|gate|${death}`, "say: End."), {
      timeouts: { stall: "150ms" },
    })
    const heard = await listen(router, "chat", [["rld", chain[0]!]])
    expect(heard.text).toBe("Hello wörld End.")
    expect(heard).toMatchObject({ whole: true, error: false })
  })

  test.each([1, 2, 3, 7, 64])("when all comes in pieces of %d bytes", async (size) => {
    for (const caller of CALLER_IDS) {
      const { router, chain } = await openChain(use, [
        ["anthropic-messages", `split:${size}|role|tok:5|gate|cut`],
        ["gemini", `split:${size}|say:Hello wörld 你好 👩‍👩‍👧 "quoted" and the end.`],
      ])
      const heard = await listen(router, caller, [["quoted", chain[0]!]])
      expect(heard.text).toBe(`${answerText(5)} and the end.`)
      expect(heard).toMatchObject({ whole: true, error: false })
    }
  })

  test("by the next one again, and ends with an error when nobody is left", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|cut"],
      ["anthropic-messages", "role|tok:2|gate|cut"],
      ["gemini", "say: The end."],
    ])
    const heard = await listen(router, "messages", [
      ["Hello", chain[0]!],
      ["rld", chain[1]!],
    ])
    // The second one began anew with what was said, and that was heard once.
    expect(heard.text).toBe("Hello wörld The end.")
    expect(heard.whole).toBe(true)
    expect((await router.rows())[0]).toMatchObject({ continued: 2, status: 200, attempts: 3 })
  })

  test("twice at most", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|cut"],
      ["openai-chat", "role|tok:2|gate|cut"],
      ["openai-chat", "role|tok:3|gate|cut"],
      ["openai-chat", "say:never"],
    ])
    const words = ["Hello", "rld", "你好"]
    const gates = words.map((word, at) => [word, chain[at]!] as const)
    const heard = await listen(router, "chat", gates)
    expect(heard).toMatchObject({ text: answerText(3), error: true, whole: false })
    expect(chain.map((each) => each.count())).toEqual([1, 1, 1, 0])
    expect((await router.rows())[0]).toMatchObject({ continued: 2, error: "upstream-truncated" })
  })

  test("by whoever is healthy: one that fails before it begins is passed over", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|cut"],
      ["openai-chat", "status:500"],
      ["openai-chat", "role|err:overloaded"],
      ["openai-chat", "say: there"],
    ])
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard.text).toBe("Hello there")
    const { row, attempts } = await attemptsOf(router)
    expect(attempts.map(({ why, outcome }) => [why, outcome])).toEqual([
      ["first", "upstream-truncated"],
      ["continuation", "upstream-error"],
      ["continuation", "upstream-error"],
      ["continuation", "ok"],
    ])
    expect(row).toMatchObject({ continued: 1, attempts: 4, error: null })
  })

  test("and may end with a call that the next upstream makes itself", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|cut"],
      ["anthropic-messages", "role|tool:1|finish:tool_calls|done"],
    ])
    const tool = { type: "function", function: { name: "look", parameters: { type: "object" } } }
    const heard = await listen(router, "chat", [["Hello", chain[0]!]], { tools: [tool] })
    expect(heard.text).toBe("Hello")
    expect(heard.whole).toBe(true)
    expect(heard.raw).toContain('"name":"look"')
  })
})

describe("a stream is not gone on with", () => {
  const tool = { type: "function", function: { name: "look", parameters: { type: "object" } } }
  const schema = { name: "x", schema: { type: "object" } }
  const CASES: Record<string, [script: string, heard: string, more: object]> = {
    "that has begun a call": ["role|tok:1|tool:1;part|gate|cut", "arguments", { tools: [tool] }],
    "that is a document of a schema": [
      "role|tok:1|gate|cut",
      "Hello",
      { response_format: { type: "json_schema", json_schema: schema } },
    ],
    "that is JSON": ["role|tok:1|gate|cut", "Hello", { response_format: { type: "json_object" } }],
    "that has to be a call": [
      "role|tok:1|gate|cut",
      "Hello",
      { tools: [tool], tool_choice: "required" },
    ],
    "that is one of two answers": ["role|tok:1|gate|cut", "Hello", { n: 2 }],
    "that tells probabilities": ["role|tok:1|gate|cut", "Hello", { logprobs: true }],
    "that was refused": ["role|refuse:1|gate|cut", "Hello", {}],
    "that is pinned to its channel": ["role|tok:1|gate|cut", "Hello", { model: "g$0" }],
  }
  test.each(Object.keys(CASES))("%s", async (name) => {
    const [script, word, more] = CASES[name]!
    const { router, chain } = await openChain(use, pair(script, "say: End."))
    const heard = await listen(router, "chat", [[word, chain[0]!]], more)
    expect(heard).toMatchObject({ whole: false, error: true })
    expect(chain[1]!.count()).toBe(0)
    expect((await router.rows())[0]).toMatchObject({
      status: 200,
      error: "upstream-truncated",
      continued: 0,
    })
  })

  test.each(["openai-chat", "gemini", "bedrock-converse"])(
    "that has said why it ends, by %s: it is whole",
    async (target) => {
      const links = [[target, "role|tok:1|finish:stop|stall"] as const, ...pair("say: End.", "ok")]
      const { router, chain } = await openChain(use, links, { timeouts: { stall: "300ms" } })
      const heard = await listen(router, "chat")
      expect(heard).toMatchObject({ text: "Hello", whole: true, error: false })
      expect(chain[1]!.count()).toBe(0)
      expect((await router.rows())[0]).toMatchObject({ error: null, continued: 0 })
    },
  )

  test.each([
    ["anthropic-messages", "role|tok:1|finish:stop|stall"],
    ["anthropic-messages", "role|tok:1|finish:stop|gate|err:overloaded"],
    ["openai-chat", "role|tok:1|finish:stop|gate|err:overloaded"],
  ])("that has said why it ends, by %s: %s", async (target, script) => {
    const links = [[target, script] as const, ...pair("say: End.", "ok")]
    const { router, chain } = await openChain(use, links, { timeouts: { stall: "300ms" } })
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard).toMatchObject({ text: "Hello", whole: false, error: true })
    expect(chain[1]!.count()).toBe(0)
  })

  test("where the group does not say so, and the bytes are the upstream's own", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "say: End."), {
      group: { continuation: false },
    })
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard.error).toBe(true)
    expect(heard.headers.has("x-llmrouter-continuation")).toBe(false)
    expect(heard.raw).toContain('"id":"chatcmpl-up0"')
  })

  test("when its provider's rules say that nothing follows", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|err:overloaded", { errors: [{ then: "fail" }] }],
      ["openai-chat", "say: End."],
    ])
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard.error).toBe(true)
    expect(chain[1]!.count()).toBe(0)
  })

  test("when the retry budget is used up", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "say: End."))
    const { budget } = router.runtime.context
    const taken = [budget.take(), budget.take(), budget.take()]
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard.error).toBe(true)
    expect(chain[1]!.count()).toBe(0)
    for (const give of taken) give?.()
    expect(budget.retries).toBe(0)
  })

  test("by an upstream that cannot do all of it, where the group is strict", async () => {
    const { router, chain } = await openChain(
      use,
      [
        ["openai-chat", "role|tok:1|gate|cut"],
        ["anthropic-messages", "say: No."],
        ["openai-chat", "say: Yes."],
      ],
      { group: { strict: true } },
    )
    const heard = await listen(router, "chat", [["Hello", chain[0]!]], { seed: 7 })
    expect(heard.text).toBe("Hello Yes.")
    expect(chain[1]!.count()).toBe(0)
  })
})

describe("the next upstream is asked", () => {
  test("with the answer so far as its own beginning, where it goes on with that", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const chunk = (content: string) =>
      `data: {"id":"c","choices":[{"index":0,"delta":${JSON.stringify({ content })}}]}\n\n`
    async function* body() {
      yield chunk("The list:")
      yield chunk("\n\n")
      await gate
      yield 'data: {"error":{"message":"overloaded","code":503}}\n\n'
    }
    const { router, chain } = await openChain(use, [
      ["openai-chat", { body: body() }],
      ["anthropic-messages", "say:\n\n- one"],
    ])
    const heard = await listen(router, "chat", [[String.raw`"\n\n"`, open]])
    expect(messagesOf(chain[1])).toEqual([
      { role: "user", content: [{ type: "text", text: "hi" }] },
      { role: "assistant", content: [{ type: "text", text: "The list:" }] },
    ])
    expect(heard.text).toBe("The list:\n\n- one")
  })

  test("with an instruction where it does not", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:5|gate|cut", "say: there"))
    await listen(router, "chat", [["quoted", chain[0]!]])
    const [user, partial, instruction] = messagesOf(chain[1])
    expect(user).toEqual({ role: "user", content: "hi" })
    expect(partial).toEqual({ role: "assistant", content: answerText(5) })
    expect(instruction!.role).toBe("user")
    expect(instruction!.content).toContain(`<last-words>${answerText(5)}</last-words>`)
  })

  test("with a mark on its own beginning, where that is how it is asked", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:1|gate|cut"],
      ["openai-chat", "say: there", { type: "mistral", keys: ["sk-x"] }],
    ])
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard.text).toBe("Hello there")
    expect(messagesOf(chain[1]).at(-1)).toEqual({
      role: "assistant",
      content: "Hello",
      prefix: true,
    } as never)
  })

  test("for fewer tokens, and not to think again about what has begun", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|line:4000|gate|cut"],
      ["anthropic-messages", "say: there"],
    ])
    const more = { max_completion_tokens: 9000, reasoning_effort: "low" }
    await listen(router, "chat", [["xxxx", chain[0]!]], more)
    expect(chain[1]!.requests[0]!.json).toMatchObject({
      max_tokens: 8000,
      thinking: { type: "disabled" },
    })
  })

  test("anew, when nothing but thoughts were heard", async () => {
    for (const caller of ["chat", "responses", "messages"] as CallerId[]) {
      const { router, chain } = await openChain(use, [
        ["openai-chat", "role|think:2|gate|cut"],
        ["anthropic-messages", "role|think:1|tok:3|done"],
      ])
      const more = {
        chat: { reasoning_effort: "low" },
        responses: { reasoning: { effort: "low", summary: "auto" } },
        messages: { thinking: { type: "enabled", budget_tokens: 2000 } },
        gemini: {},
      }[caller]
      const heard = await listen(router, caller, [["thought 1", chain[0]!]], more)
      expect(heard.text).toBe(answerText(3))
      expect(heard.whole).toBe(true)
      expect(messagesOf(chain[1])).toHaveLength(1)
      expect(heard.raw.match(/thought 0/g)!.length).toBeGreaterThanOrEqual(2)
    }
  })

  test("and its thoughts are not heard once the answer has begun", async () => {
    const { router, chain } = await openChain(
      use,
      pair("role|tok:1|gate|cut", "role|think:3|tok:2|done"),
    )
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    // It began with the same word, which is all that was said.
    expect(heard.text).toBe("Hello wörld")
    expect(heard.raw).not.toContain("thought")
  })
})

describe("it is no secret", () => {
  test("in the headers, in the stream, and in the ledger with what both have used", async () => {
    const { router, chain } = await openChain(use, [
      ["anthropic-messages", "use:;input=100;output=1|role|tok:5|gate|cut"],
      ["anthropic-messages", "use:;input=120;output=30|say: there"],
    ])
    const heard = await listen(router, "messages", [["quoted", chain[0]!]])
    expect(heard.headers.get("x-llmrouter-continuation")).toBe("allowed")
    expect(heard.comments).toEqual([": llmrouter continuation by u1/claude-sonnet-4-5"])
    const { row, attempts } = await attemptsOf(router)
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
  const { row, attempts } = await attemptsOf(router)
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
  expect((await router.rows())[0]).toMatchObject({
    status: 499,
    error: "client-gone",
    continued: 0,
  })
  expect(router.runtime.context.budget.retries).toBe(0)
  const health = router.runtime.snapshot.table.groups.get("g")!.deployments[1]!.health
  expect([health.failures, health.traffic.inFlight]).toEqual([0, 0])
})

test("a router that shuts down does not go on with streams", async () => {
  const { router, chain } = await openChain(use, pair("role|tok:1|stall", "say: there"))
  const heard = await listen(router, "chat", [["Hello", () => router.listener.cut()]])
  expect(heard.error).toBe(true)
  expect(heard.raw).toContain("shutting_down")
  expect(chain[1]!.count()).toBe(0)
})
