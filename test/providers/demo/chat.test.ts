import { describe, expect, test } from "bun:test"
import { ask, askJson, chat, events } from "./call.ts"

const user = (content: string) => ({ role: "user", content })

describe("a chat answer", () => {
  test("is about the last message, says who speaks and how to add a provider", async () => {
    const { status, json } = await chat("Why is the sky blue?")
    expect(status).toBe(200)
    const { content } = json.choices[0].message
    expect(content).toContain("“Why is the sky blue?”")
    expect(content).toContain("LLM Router")
    expect(content).toContain("llmrouter.config.ts")
    expect(json).toMatchObject({
      object: "chat.completion",
      model: "demo",
      choices: [{ index: 0, finish_reason: "stop", logprobs: null }],
    })
  })

  test("is the same for the same request, streamed or not, and another for another", async () => {
    const [one, two, other] = [await chat("hello"), await chat("hello"), await chat("bye")]
    expect(two).toEqual(one)
    expect(other.json.id).not.toBe(one.json.id)
    const body = { model: "demo", messages: [user("hello")], stream: true }
    const streamed = events((await ask("/chat/completions", body)).text)
    expect(streamed[0].id).toBe(one.json.id)
    expect(streamed.map((each) => each.choices[0].delta.content ?? "").join("")).toBe(
      one.json.choices[0].message.content,
    )
  })

  test("is cut at the token limit and counted", async () => {
    for (const name of ["max_tokens", "max_completion_tokens"]) {
      const { json } = await chat("hello", { [name]: 5 })
      expect(json.choices[0].finish_reason).toBe("length")
      expect(json.usage.completion_tokens).toBe(5)
      expect(json.usage.total_tokens).toBe(5 + json.usage.prompt_tokens)
      expect(json.usage.prompt_tokens_details.cached_tokens).toBe(0)
      expect(json.usage.completion_tokens_details.reasoning_tokens).toBe(0)
    }
    const long = await chat("word ".repeat(1000))
    expect(long.json.usage.prompt_tokens).toBeWithin(1200, 1300)
  })

  test("ends before a stop sequence", async () => {
    const { json } = await chat("hello", { stop: ["nowhere to be found", "You said"] })
    expect(json.choices[0].message.content).not.toContain("You said")
    expect(json.choices[0].message.content).toContain("LLM Router")
    expect(json.choices[0].finish_reason).toBe("stop")
  })

  test("comes n times", async () => {
    const { json } = await chat("hello", { n: 3 })
    expect(json.choices.map((choice: { index: number }) => choice.index)).toEqual([0, 1, 2])
  })

  test("says which attachments came", async () => {
    const bytes = new Uint8Array(70)
    const data = Buffer.from(bytes).toString("base64")
    const { json } = await chat([
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${data}` } },
      { type: "image_url", image_url: { url: "https://example.com/a.jpg" } },
      { type: "input_audio", input_audio: { data, format: "mp3" } },
    ])
    const { content } = json.choices[0].message
    expect(content).toContain("3 attachments")
    expect(content).toContain("image/png, 70 bytes")
    expect(content).toContain("https://example.com/a.jpg")
    expect(content).toContain("audio/mp3, 70 bytes")
  })

  test("is a JSON object in JSON mode", async () => {
    const { json } = await chat("hi", { response_format: { type: "json_object" } })
    expect(JSON.parse(json.choices[0].message.content)).toMatchObject({ prompt: "hi" })
  })
})

describe("a chat stream", () => {
  test("has a role, deltas, a finish reason, usage when asked, and [DONE]", async () => {
    const body = {
      model: "demo",
      messages: [user("hello")],
      stream: true,
      n: 2,
      stream_options: { include_usage: true },
    }
    const { text, headers } = await ask("/chat/completions", body)
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    expect(text).toEndWith("data: [DONE]\n\n")
    const all = events(text)
    const last = all.pop()
    expect(last.choices).toEqual([])
    expect(last.usage.completion_tokens).toBe(
      all.filter((each) => each.choices[0].delta.content).length,
    )
    for (const index of [0, 1]) {
      const own = all.filter((each) => each.choices[0].index === index)
      expect(own[0].choices[0].delta).toEqual({ role: "assistant", content: "", refusal: null })
      expect(own.at(-1).choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" })
      expect(own.slice(0, -1).every((each) => each.choices[0].finish_reason === null)).toBe(true)
    }
    expect(all.every((each) => each.usage === null)).toBe(true)
    expect(new Set(all.map((each) => each.id)).size).toBe(1)
  })

  test("has no usage when it was not asked for", async () => {
    const body = { model: "demo", messages: [user("hello")], stream: true }
    expect((await ask("/chat/completions", body)).text).not.toContain('"usage"')
  })
})

describe("a legacy completion", () => {
  test("answers every prompt, whole and streamed", async () => {
    const body = { model: "demo", prompt: ["one", "two"] }
    const { json } = await askJson("/completions", body)
    expect(json.object).toBe("text_completion")
    expect(json.choices).toHaveLength(2)
    expect(json.choices[1].text).toContain("“two”")
    const all = events((await ask("/completions", { ...body, stream: true })).text)
    const second = all.filter((each) => each.choices[0].index === 1)
    expect(second.map((each) => each.choices[0].text).join("")).toBe(json.choices[1].text)
    expect(second.at(-1).choices[0].finish_reason).toBe("stop")
  })
})

describe("a wrong request", () => {
  const wrong: [string, object, number, string | null, string | null][] = [
    ["no messages", {}, 400, "messages", "missing_required_parameter"],
    ["empty messages", { messages: [] }, 400, "messages", "empty_array"],
    ["messages of another type", { messages: "hi" }, 400, "messages", "invalid_type"],
    [
      "no role",
      { messages: [{ content: "x" }] },
      400,
      "messages[0].role",
      "missing_required_parameter",
    ],
    [
      "a bad role",
      { messages: [{ role: "robot", content: "x" }] },
      400,
      "messages[0].role",
      "invalid_value",
    ],
    [
      "no content",
      { messages: [{ role: "user" }] },
      400,
      "messages[0].content",
      "missing_required_parameter",
    ],
    [
      "a bad part",
      { messages: [{ role: "user", content: [{ type: "video" }] }] },
      400,
      "messages[0].content[0].type",
      "invalid_value",
    ],
    [
      "a tool message without an id",
      { messages: [{ role: "tool", content: "x" }] },
      400,
      "messages[0].tool_call_id",
      "missing_required_parameter",
    ],
    [
      "a temperature out of range",
      { messages: [user("x")], temperature: 3 },
      400,
      "temperature",
      "invalid_value",
    ],
    [
      "no room for a token",
      { messages: [user("x")], max_tokens: 0 },
      400,
      "max_tokens",
      "invalid_value",
    ],
    [
      "a bad format",
      { messages: [user("x")], response_format: { type: "xml" } },
      400,
      "response_format.type",
      "invalid_value",
    ],
    ["an unknown model", { model: "gpt-x", messages: [user("x")] }, 404, null, "model_not_found"],
    [
      "no model",
      { model: undefined, messages: [user("x")] },
      400,
      "model",
      "missing_required_parameter",
    ],
    [
      "a model of another kind",
      { model: "demo-embedding", messages: [user("x")] },
      404,
      "model",
      "model_not_found",
    ],
  ]
  for (const [what, body, status, param, code] of wrong) {
    test(`with ${what} is refused as OpenAI would`, async () => {
      const answer = await askJson("/chat/completions", { model: "demo", ...body })
      expect(answer.status).toBe(status)
      expect(answer.json.error).toMatchObject({ type: "invalid_request_error", param, code })
      expect(answer.json.error.message.length).toBeGreaterThan(10)
    })
  }

  test("to a path that is not there is a 404", async () => {
    expect((await askJson("/nowhere", {})).status).toBe(404)
    expect((await askJson("/nowhere")).status).toBe(404)
  })
})
