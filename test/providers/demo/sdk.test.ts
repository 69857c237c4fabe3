import { webStreamOf } from "../../support/byte-sources.ts"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import OpenAI, { toFile } from "openai"
import { openDemo } from "./call.ts"

/** The demo behind real HTTP, so that the official SDK can call it. */
let server: Bun.Server<undefined>
let client: OpenAI

beforeAll(() => {
  const send = openDemo()
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const { status, headers, body } = await send({
        url: `demo://local${pathname}`,
        method: request.method === "GET" ? "GET" : "POST",
        headers: Object.fromEntries(request.headers),
        body: await request.bytes(),
        signal: request.signal,
        connectTimeout: 0,
      })
      return new Response(webStreamOf(body), { status, headers: headers as Headers })
    },
  })
  client = new OpenAI({
    apiKey: "none",
    baseURL: `http://127.0.0.1:${server.port}/v1`,
    maxRetries: 0,
  })
})
afterAll(() => server.stop(true))

const messages = [{ role: "user" as const, content: "What is the weather in Paris?" }]
const parameters = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
}

describe("the official SDK with the demo", () => {
  test("chats, whole and streamed, to the same text", async () => {
    const whole = await client.chat.completions.create({ model: "demo", messages })
    const stream = client.chat.completions.stream({
      model: "demo",
      messages,
      stream_options: { include_usage: true },
    })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe(whole.choices[0]?.message.content ?? "")
    expect(final.choices[0]?.finish_reason).toBe("stop")
    expect(await stream.totalUsage()).toMatchObject({ total_tokens: whole.usage?.total_tokens })
  })

  test("runs tools until there is an answer, streamed and not", async () => {
    const asked: unknown[] = []
    const tools = [
      {
        type: "function" as const,
        function: {
          name: "get_weather",
          description: "Current weather",
          parameters,
          parse: JSON.parse,
          function: (input: { city: string }) => {
            asked.push(input)
            return `It rains in ${input.city}.`
          },
        },
      },
    ]
    const whole = client.chat.completions.runTools({ model: "demo", messages, tools })
    expect(await whole.finalContent()).toContain("It rains in Paris.")
    const streamed = client.chat.completions.runTools({
      model: "demo",
      messages,
      tools,
      stream: true,
    })
    expect(await streamed.finalContent()).toContain("It rains in Paris.")
    expect(asked).toEqual([{ city: "Paris" }, { city: "Paris" }])
  })

  test("parses structured output, streamed and not", async () => {
    const response_format = {
      type: "json_schema" as const,
      json_schema: { name: "place", strict: true, schema: parameters },
    }
    const body = { model: "demo", messages, response_format }
    const { choices } = await client.chat.completions.parse(body)
    expect(choices[0]?.message.parsed).toEqual({ city: "Paris" })
    const final = await client.chat.completions.stream(body).finalChatCompletion()
    expect(final.choices[0]?.message.parsed).toEqual({ city: "Paris" })
  })

  test("embeds, which it asks for as base64 and decodes", async () => {
    const { data } = await client.embeddings.create({
      model: "demo-embedding",
      input: ["a", "b"],
      dimensions: 16,
    })
    const lengths = data.map(({ embedding }) => Math.hypot(...embedding))
    expect(data.map(({ embedding }) => embedding.length)).toEqual([16, 16])
    for (const length of lengths) expect(length).toBeCloseTo(1, 5)
  })

  test("draws, speaks, transcribes and moderates", async () => {
    const image = await client.images.generate({ model: "demo", prompt: "a cat" })
    expect(image.data?.[0]?.b64_json).toStartWith("iVBORw0KGgo")
    const speech = await client.audio.speech.create({ model: "demo", input: "hi", voice: "alloy" })
    const wav = await speech.arrayBuffer()
    const file = await toFile(wav, "hi.wav", { type: "audio/wav" })
    const heard = await client.audio.transcriptions.create({ model: "demo", file })
    expect(heard.text).toContain(`"hi.wav": ${wav.byteLength} bytes`)
    const translated = await client.audio.translations.create({ model: "demo", file })
    expect(translated.text).toContain("hi.wav")
    const verdict = await client.moderations.create({ model: "demo", input: "a bomb" })
    expect(verdict.results[0]?.flagged).toBe(true)
    const legacy = await client.completions.create({ model: "demo", prompt: "hi" })
    expect(legacy.choices[0]?.text).toContain("“hi”")
  })

  test("lists models and gets the SDK's own errors", async () => {
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toContain("demo")
    expect((await client.models.retrieve("demo")).owned_by).toBe("llmrouter")
    const missing = client.chat.completions.create({ model: "gpt-x", messages })
    expect(await missing.catch((error: unknown) => error)).toBeInstanceOf(OpenAI.NotFoundError)
    const empty = client.chat.completions.create({ model: "demo", messages: [] })
    expect(await empty.catch((error: unknown) => error)).toBeInstanceOf(OpenAI.BadRequestError)
  })
})
