// biome-ignore-all lint/suspicious/noThenProperty: a key of the config, which nobody awaits
import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { answerText } from "../support/upstream/index.ts"
import { CALLER_IDS, lastRow, listen, openChain, pair } from "./continuation-bench.ts"

const use = closing()

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
    const { row, attempts } = await lastRow(router)
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

  test("by the channel that broke off, nor by one that rests", async () => {
    const { router, chain } = await openChain(use, pair("role|tok:1|gate|cut", "status:500"), {
      retries: { attempts: 5, backoff: "1ms", maxBackoff: "1ms" },
      breaker: { failures: 0 },
    })
    const heard = await listen(router, "chat", [["Hello", chain[0]!]])
    expect(heard).toMatchObject({ text: "Hello", error: true })
    expect(chain.map((each) => each.count())).toEqual([1, 1])
    expect((await router.rows())[0]).toMatchObject({ attempts: 2, continued: 0 })
    expect(router.runtime.context.budget.retries).toBe(0)
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
