import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import { describe, expect, test } from "bun:test"
import OpenAI from "openai"
import { closing } from "../support/cleanup.ts"
import { answerText } from "../support/upstream/index.ts"
import { type Link, openChain } from "./continuation-bench.ts"

const use = closing()

const REST = " and that is all."
const ALL = answerText(5) + REST
const messages = [{ role: "user" as const, content: "hi" }]

/** Three kinds of upstreams that break off, each with one that goes on. */
const CHAINS: readonly (readonly [string, readonly Link[]])[] = [
  "openai-chat",
  "anthropic-messages",
  "gemini",
].map((first, at, all) => [
  `${first} and then ${all[(at + 1) % 3]}`,
  [
    [first, "role|tok:5|gate|cut"],
    [all[(at + 1) % 3]!, `use:;output=7|role|think:1|say:${REST}`],
  ],
])

describe.each(CHAINS)("over %s", (_, links) => {
  /** The router, and what is told of every text that an SDK hears. */
  async function open() {
    const { router, chain } = await openChain(use, links)
    let said = ""
    return {
      router,
      heard(text: string) {
        said += text
        if (said === answerText(5)) chain[0]!.requests[0]!.gate.open()
      },
    }
  }

  test("openai's SDK hears one chat completion", async () => {
    const { router, heard } = await open()
    const client = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: "x", maxRetries: 0 })
    const stream = client.chat.completions.stream({
      model: "g",
      messages,
      stream_options: { include_usage: true },
    })
    stream.on("content", (delta) => heard(delta))
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices).toHaveLength(1)
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: ALL } })
    expect(usage!.completion_tokens).toBeGreaterThan(7)
  })

  test("openai's SDK hears one response", async () => {
    const { router, heard } = await open()
    const client = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: "x", maxRetries: 0 })
    const stream = client.responses.stream({ model: "g", input: "hi" })
    stream.on("response.output_text.delta", ({ delta }) => heard(delta))
    const response = await stream.finalResponse()
    expect(response.status).toBe("completed")
    expect(response.output_text).toBe(ALL)
    expect(response.output.filter(({ type }) => type === "message")).toHaveLength(1)
  })

  test("anthropic's SDK hears one message", async () => {
    const { router, heard } = await open()
    const client = new Anthropic({ baseURL: router.url, apiKey: "x", maxRetries: 0 })
    const stream = client.messages.stream({ model: "g", messages, max_tokens: 4096 })
    stream.on("text", (delta) => heard(delta))
    const message = await stream.finalMessage()
    expect(message.content).toEqual([{ type: "text", text: ALL }] as never)
    expect(message.stop_reason).toBe("end_turn")
    expect(message.usage.output_tokens).toBeGreaterThan(7)
  })

  test("google's SDK hears one answer", async () => {
    const { router, heard } = await open()
    const client = new GoogleGenAI({ apiKey: "x", httpOptions: { baseUrl: router.url } })
    let text = ""
    let last: string | undefined
    for await (const chunk of await client.models.generateContentStream({
      model: "g",
      contents: "hi",
    })) {
      heard(chunk.text ?? "")
      text += chunk.text ?? ""
      last = chunk.candidates?.[0]?.finishReason ?? last
    }
    expect(text).toBe(ALL)
    expect(last).toBe("STOP")
  })
})
