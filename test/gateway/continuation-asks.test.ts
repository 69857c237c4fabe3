import { describe, expect, test } from "bun:test"
import type { CanonicalRequest, Turn } from "../../src/core/canonical.ts"
import { askForRest, lastWords } from "../../src/gateway/continuation/ask.ts"
import { closing } from "../support/cleanup.ts"
import { answerText, type Upstream } from "../support/upstream/index.ts"
import { type CallerId, listen, openChain, pair } from "./continuation-bench.ts"

const use = closing()

const messagesOf = (upstream: Upstream | undefined) =>
  upstream?.requests[0]?.json?.["messages"] as { role: string; content: unknown }[]

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

describe("the request for the rest", () => {
  const hi: Turn = { role: "user", blocks: [{ type: "text", text: "hi" }] }
  const ask = (turns: Turn[], texts: string[], prefill?: boolean) => {
    const request: CanonicalRequest = {
      model: "m",
      stream: true,
      system: [],
      turns,
      tools: [],
      maxTokens: 30,
      protocol: "p",
      extra: new Map(),
    }
    return askForRest(request, { texts, tokens: 7 }, prefill === undefined ? {} : { prefill })
  }
  const textOf = ({ blocks }: Turn) =>
    blocks.map((block) => (block.type === "text" ? block.text : ""))

  test("is the caller's own where nothing was said", () => {
    expect(ask([hi], []).turns).toEqual([hi])
    expect(ask([hi], ["\n"])).toMatchObject({ turns: [hi], maxTokens: 30 })
  })

  test("has no white space at the end of what is to be continued", () => {
    const { turns, maxTokens } = ask([hi], ["One. ", "Two: \n"], true)
    expect(turns.map(textOf)).toEqual([["hi"], ["One. ", "Two:"]])
    expect(maxTokens).toBe(23)
  })

  test("goes on from a beginning that the caller wrote", () => {
    const begun: Turn = { role: "assistant", blocks: [{ type: "text", text: "{" }] }
    expect(ask([hi, begun], ["a"], true).turns.map(textOf)).toEqual([["hi"], ["{", "a"]])
  })

  test("instructs every model of which nothing is known", () => {
    for (const prefill of [undefined, false]) {
      expect(ask([hi], ["One."], prefill).turns.map(({ role }) => role)).toEqual([
        "user",
        "assistant",
        "user",
      ])
    }
  })
})

describe("the last words", () => {
  test("begin with a word", () => {
    const words = lastWords([`${"word ".repeat(50)}and the end  `])
    expect(words).toEndWith("word and the end")
    expect(words).toStartWith("word ")
    expect(words.length).toBeLessThanOrEqual(60)
  })

  test("are all of a short text, and the last text that says something", () => {
    expect(lastWords(["one", "two three", " "])).toBe("two three")
  })

  test("are found where there are no spaces, and hold no half characters", () => {
    expect(lastWords(["语".repeat(100)])).toBe("语".repeat(60))
    expect(lastWords([`x${"👩".repeat(100)}y`]).isWellFormed()).toBe(true)
  })
})
