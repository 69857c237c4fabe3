import { afterEach, describe, expect, test } from "bun:test"
import { chat, startFiltered } from "./filtered.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const setUp = async (...asked: Parameters<typeof startFiltered>) => {
  const started = await startFiltered(...asked)
  open.push(started.router, ...started.upstreams)
  return started
}

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
const PDF = Buffer.from("%PDF-1.4\n%%EOF").toString("base64")
const WAV = Buffer.from("RIFF$\0\0\0WAVEfmt ").toString("base64")
const SCHEMA = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false,
}

const responses = (content: unknown, more: object = {}): [string, object] => [
  "/v1/responses",
  { model: "g", input: [{ role: "user", content }], ...more },
]
const messages = (content: unknown, more: object = {}): [string, object] => [
  "/v1/messages",
  { model: "g", max_tokens: 50, messages: [{ role: "user", content }], ...more },
]
const gemini = (parts: unknown[], more: object = {}): [string, object] => [
  "/v1beta/models/g:generateContent",
  { contents: [{ role: "user", parts }], ...more },
]
const TOOL = { name: "t", description: "d" }

/** By what is lacked: requests that need it, of each protocol that can say so. */
const NEEDY: Record<string, Record<string, [path: string, body: object]>> = {
  vision: {
    chat: chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }]),
    responses: responses([{ type: "input_image", image_url: `data:image/png;base64,${PNG}` }]),
    messages: messages([
      { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    ]),
    gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG } }]),
  },
  documents: {
    chat: chat([
      {
        type: "file",
        file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` },
      },
    ]),
    responses: responses([
      { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` },
    ]),
    messages: messages([
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } },
    ]),
    gemini: gemini([{ inlineData: { mimeType: "application/pdf", data: PDF } }]),
  },
  audio: {
    chat: chat([{ type: "input_audio", input_audio: { data: WAV, format: "wav" } }]),
    gemini: gemini([{ inlineData: { mimeType: "audio/wav", data: WAV } }]),
  },
  tools: {
    chat: chat("hi", { tools: [{ type: "function", function: TOOL }] }),
    responses: responses("hi", { tools: [{ type: "function", ...TOOL }] }),
    messages: messages("hi", { tools: [{ name: "t", input_schema: SCHEMA }] }),
    gemini: gemini([{ text: "hi" }], { tools: [{ functionDeclarations: [TOOL] }] }),
  },
  jsonSchema: {
    chat: chat("hi", {
      response_format: { type: "json_schema", json_schema: { name: "n", schema: SCHEMA } },
    }),
    responses: responses("hi", {
      text: { format: { type: "json_schema", name: "n", schema: SCHEMA } },
    }),
    messages: messages("hi", {
      output_config: { format: { type: "json_schema", schema: SCHEMA } },
    }),
    gemini: gemini([{ text: "hi" }], {
      generationConfig: { responseMimeType: "application/json", responseJsonSchema: SCHEMA },
    }),
  },
  reasoning: {
    chat: chat("hi", { reasoning_effort: "low" }),
    responses: responses("hi", { reasoning: { effort: "low" } }),
    messages: messages("hi", {
      max_tokens: 4000,
      thinking: { type: "enabled", budget_tokens: 2000 },
    }),
    gemini: gemini([{ text: "hi" }], {
      generationConfig: { thinkingConfig: { thinkingBudget: 1000 } },
    }),
  },
}

describe("a request goes past the deployment that lacks what it needs:", () => {
  for (const [lacked, requests] of Object.entries(NEEDY)) {
    test(lacked, async () => {
      const { ask, upstreams } = await setUp([{ capabilities: { [lacked]: false } }, {}])
      for (const [protocol, [path, body]] of Object.entries(requests)) {
        expect([protocol, await ask(path, body)]).toEqual([protocol, "u1/ok"])
      }
      expect(upstreams[0]!.count()).toBe(0)
      expect(await ask(...chat("hi"))).toBe("u0/ok")
    })
  }

  test("also where only the conversation before needs it", async () => {
    const { ask, router, upstreams } = await setUp([{ capabilities: { vision: false } }, {}])
    const [path, body] = NEEDY["vision"]!["responses"]!
    const first = (await (await router.post(path, body)).json()) as { id: string }
    const next = { model: "g", input: "And in words?", previous_response_id: first.id }
    expect(await ask(path, next)).toBe("u1/ok")
    expect(upstreams[0]!.count()).toBe(0)
    expect(await ask(path, { model: "g", input: "hi" })).toBe("u0/ok")
  })

  test("what is known of a vendor's models counts where the config says nothing", async () => {
    const { ask } = await setUp([{}, {}], { providers: [{ type: "deepseek", keys: ["k"] }] })
    const [path, body] = NEEDY["vision"]!["chat"]!
    expect(await ask(path, body)).toBe("u1/ok")
    expect(await ask(...chat("hi"))).toBe("u0/ok")
  })

  test("what the config says of it counts more", async () => {
    const { ask } = await setUp([{ capabilities: { vision: true } }, {}], {
      providers: [{ type: "deepseek", keys: ["k"] }],
    })
    const [path, body] = NEEDY["vision"]!["chat"]!
    // It is not left out; that its protocol's encoder is not asked is what relaying means.
    expect(await ask(path, body)).toBe("u0/ok")
  })

  test("where none is left, the caller is told what is lacking", async () => {
    const lacks = { capabilities: { vision: false } }
    const { router, upstreams } = await setUp([lacks, lacks])
    const [path, body] = NEEDY["vision"]!["chat"]!
    const response = await router.post(path, body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).toContain("lacks vision")
    expect(upstreams.map((upstream) => upstream.count())).toEqual([0, 0])
  })
})

describe("a context window", () => {
  const words = (count: number) => "word ".repeat(count)
  const small = { capabilities: { contextWindow: 1000 } }

  test("that a request does not fit into is passed over", async () => {
    const { ask } = await setUp([small, {}])
    expect(await ask(...chat(words(100)))).toBe("u0/ok")
    expect(await ask(...chat(words(10_000)))).toBe("u1/ok")
    expect(await ask(...chat("hi", { max_tokens: 1000 }))).toBe("u1/ok")
  })

  test("is not filled by the bytes of an image", async () => {
    const { ask } = await setUp([{ capabilities: { contextWindow: 8000 } }, {}])
    const large = PNG + "A".repeat(200_000)
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${large}` } }
    expect(await ask(...chat([image]))).toBe("u0/ok")
    const part = { type: "image", source: { type: "base64", media_type: "image/png", data: large } }
    expect(await ask(...messages([part]))).toBe("u0/ok")
  })

  test("is tried all the same where no other is larger", async () => {
    const { ask } = await setUp([{ capabilities: { contextWindow: 500 } }, small])
    expect(await ask(...chat(words(10_000)))).toBe("u1/ok")
  })
})

describe("tags and regions", () => {
  test("of a request decide where it goes", async () => {
    const { ask } = await setUp([
      { tags: ["cheap"], region: "us-east-1" },
      { tags: ["cheap", "eu"], region: "eu-west-1" },
    ])
    const [path, body] = chat("hi")
    expect(await ask(path, body)).toBe("u0/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu,cheap" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-region": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-region": "us" })).toBe("u0/ok")
  })

  test("that nothing has lead nowhere", async () => {
    const { router, upstreams } = await setUp([{ tags: ["cheap"] }, {}])
    const [path, body] = chat("hi")
    const response = await router.post(path, body, { "x-llmrouter-tags": "moon" })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).toContain("has not the tag moon")
    expect(upstreams.map((upstream) => upstream.count())).toEqual([0, 0])
  })

  test("are a wish where the group prefers them only", async () => {
    const { ask } = await setUp([{}, { tags: ["eu"] }], { group: { tagMatch: "preferred" } })
    const [path, body] = chat("hi")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "moon" })).toBe("u0/ok")
  })
})
