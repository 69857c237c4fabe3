import { describe, expect, test } from "bun:test"
import { thinks } from "../../../src/canonical/needs.ts"
import { type Need, NEEDS } from "../../../src/core/needs.ts"
import type { RequestEnvelope } from "../../../src/core/protocol.ts"
import { protocols } from "../../../src/protocols/index.ts"
import { growthOf, LINEAR } from "../../support/growth.ts"

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
const PDF = "JVBERi0xLjQKJcOkw7zDtsOf"
const SCHEMA = { type: "object", properties: { a: { type: "string" } } }

interface Dialect {
  path: string
  stream?: string
  /** A request with this content and these members. */
  body(content: unknown, more?: object): object
}

const user = (content: unknown) => [{ role: "user", content }]
const DIALECTS: Record<string, Dialect> = {
  "openai-chat": {
    path: "/v1/chat/completions",
    body: (content, more) => ({ model: "m", messages: user(content), ...more }),
  },
  "openai-responses": {
    path: "/v1/responses",
    body: (content, more) => ({ model: "m", input: user(content), ...more }),
  },
  "anthropic-messages": {
    path: "/v1/messages",
    body: (content, more) => ({ model: "m", max_tokens: 9, messages: user(content), ...more }),
  },
  gemini: {
    path: "/v1beta/models/m:generateContent",
    stream: "/v1beta/models/m:streamGenerateContent",
    body: (content, more) => ({
      contents: [
        { role: "user", parts: typeof content === "string" ? [{ text: content }] : content },
      ],
      ...more,
    }),
  },
}

function envelopeOf(dialect: string, body: object | string, stream = false): RequestEnvelope {
  const { path, stream: streamed = path } = DIALECTS[dialect]!
  const head = {
    operation: "chat" as const,
    headers: new Headers(),
    path: stream ? streamed : path,
    query: "",
  }
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
  return protocols.get(dialect)!.ingress!.inspect(head, bytes)
}

const needsOf = (envelope: RequestEnvelope) => NEEDS.filter((need) => envelope.needs!(need))

type Case = [name: string, dialect: string, body: object, needs: Need[]]

const tool = { name: "t", description: "d" }
const CASES: Case[] = []
function add(dialect: string, cases: Record<string, [content: unknown, more: object, Need[]]>) {
  for (const [name, [content, more, needs]] of Object.entries(cases)) {
    CASES.push([`${dialect}: ${name}`, dialect, DIALECTS[dialect]!.body(content, more), needs])
  }
}

add("openai-chat", {
  "plain text": ["hi", {}, []],
  tools: ["hi", { tools: [{ type: "function", function: tool }] }, ["tools"]],
  "an empty list of tools": ["hi", { tools: [] }, []],
  "parallel tools": [
    "hi",
    { tools: [{ type: "function", function: tool }], parallel_tool_calls: true },
    ["tools", "parallel-tools"],
  ],
  "one tool at a time": [
    "hi",
    { tools: [{ type: "function", function: tool }], parallel_tool_calls: false },
    ["tools"],
  ],
  "an image": [
    [{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }],
    {},
    ["vision"],
  ],
  audio: [[{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }], {}, ["audio"]],
  "a spoken answer": [
    "hi",
    { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } },
    ["audio"],
  ],
  "a PDF": [
    [
      {
        type: "file",
        file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` },
      },
    ],
    {},
    ["documents"],
  ],
  "a text file": [
    [{ type: "file", file: { filename: "a.txt", file_data: "data:text/plain;base64,aGk=" } }],
    {},
    [],
  ],
  video: [[{ type: "video_url", video_url: { url: "https://x/a.mp4" } }], {}, ["video"]],
  "a schema": [
    "hi",
    { response_format: { type: "json_schema", json_schema: { name: "n", schema: SCHEMA } } },
    ["json-schema"],
  ],
  "JSON of any kind": ["hi", { response_format: { type: "json_object" } }, []],
  reasoning: ["hi", { reasoning_effort: "low" }, ["reasoning"]],
  "no reasoning": ["hi", { reasoning_effort: "none" }, []],
  "a stream": ["hi", { stream: true }, ["streaming"]],
  "an image that is only a name in a tool's schema": [
    "hi",
    {
      tools: [
        {
          type: "function",
          function: { name: "t", parameters: { properties: { image_url: { type: "string" } } } },
        },
      ],
    },
    ["tools"],
  ],
  "an image that is only written about": ['{"type":"image_url"}', {}, []],
})
add("openai-responses", {
  "plain text": ["hi", {}, []],
  tools: [
    "hi",
    { tools: [{ type: "function", ...tool }], parallel_tool_calls: true },
    ["tools", "parallel-tools"],
  ],
  "an image": [
    [{ type: "input_image", image_url: `data:image/png;base64,${PNG}` }],
    {},
    ["vision"],
  ],
  "a PDF": [
    [{ type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` }],
    {},
    ["documents"],
  ],
  "a schema": [
    "hi",
    { text: { format: { type: "json_schema", name: "n", schema: SCHEMA } } },
    ["json-schema"],
  ],
  "reasoning and a stream": [
    "hi",
    { reasoning: { effort: "high" }, stream: true },
    ["reasoning", "streaming"],
  ],
  "a summary of thoughts alone": ["hi", { reasoning: { summary: "auto" } }, []],
})
add("anthropic-messages", {
  "plain text": ["hi", {}, []],
  tools: ["hi", { tools: [{ name: "t", input_schema: SCHEMA }] }, ["tools"]],
  "parallel tools, by a word on it": [
    "hi",
    {
      tools: [{ name: "t", input_schema: SCHEMA }],
      tool_choice: { type: "auto", disable_parallel_tool_use: false },
    },
    ["tools", "parallel-tools"],
  ],
  "an image": [
    [{ type: "image", source: { type: "base64", media_type: "image/png", data: PNG } }],
    {},
    ["vision"],
  ],
  "an image in a tool's result": [
    [
      {
        type: "tool_result",
        tool_use_id: "c",
        content: [{ type: "image", source: { type: "url", url: "https://x/a.png" } }],
      },
    ],
    {},
    ["vision"],
  ],
  "a PDF": [
    [{ type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } }],
    {},
    ["documents"],
  ],
  "a document of text": [
    [{ type: "document", source: { type: "text", media_type: "text/plain", data: "hi" } }],
    {},
    [],
  ],
  "a schema": [
    "hi",
    { output_config: { format: { type: "json_schema", schema: SCHEMA } } },
    ["json-schema"],
  ],
  reasoning: ["hi", { thinking: { type: "enabled", budget_tokens: 2000 } }, ["reasoning"]],
  "no reasoning": ["hi", { thinking: { type: "disabled" } }, []],
  "a stream": ["hi", { stream: true }, ["streaming"]],
})
const inline = (mimeType: string, data: string) => [{ inlineData: { mimeType, data } }]
add("gemini", {
  "plain text": ["hi", {}, []],
  tools: ["hi", { tools: [{ functionDeclarations: [tool] }] }, ["tools"]],
  "an image": [inline("image/png", PNG), {}, ["vision"]],
  "an image in snake case": [
    [{ inline_data: { mime_type: "image/png", data: PNG } }],
    {},
    ["vision"],
  ],
  audio: [inline("audio/mp3", "AAAA"), {}, ["audio"]],
  "a PDF": [inline("application/pdf", PDF), {}, ["documents"]],
  video: [
    [{ fileData: { fileUri: "https://www.youtube.com/watch?v=1", mimeType: "video/mp4" } }],
    {},
    ["video"],
  ],
  "a schema": [
    "hi",
    { generationConfig: { responseMimeType: "application/json", responseSchema: SCHEMA } },
    ["json-schema"],
  ],
  reasoning: [
    "hi",
    { generationConfig: { thinkingConfig: { thinkingBudget: 100 } } },
    ["reasoning"],
  ],
  "no reasoning": ["hi", { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, []],
  "only a wish to see thoughts": [
    "hi",
    { generationConfig: { thinkingConfig: { includeThoughts: true } } },
    [],
  ],
})

describe("what a request needs", () => {
  test.each(CASES)("%s", (_name, dialect, body, needs) => {
    expect(needsOf(envelopeOf(dialect, body))).toEqual(needs)
  })

  test("a Gemini request streams by its path", () => {
    const body = DIALECTS["gemini"]!.body("hi")
    expect(needsOf(envelopeOf("gemini", body, true))).toEqual(["streaming"])
  })

  test("a Responses body at the chat route is read as what it is", () => {
    const body = {
      model: "m",
      input: user([{ type: "input_image", image_url: "https://x/a.png" }]),
      text: { format: { type: "json_schema", name: "n", schema: SCHEMA } },
    }
    expect(needsOf(envelopeOf("openai-chat", body))).toEqual(["vision", "json-schema"])
  })

  test("spaces and line ends do not hide anything", () => {
    const body = JSON.stringify(
      DIALECTS["anthropic-messages"]!.body(
        [{ type: "image", source: { type: "url", url: "https://x/a.png" } }],
        { tools: [{ name: "t", input_schema: SCHEMA }] },
      ),
      null,
      2,
    )
    expect(needsOf(envelopeOf("anthropic-messages", body))).toEqual(["tools", "vision"])
  })

  test.each(Object.keys(DIALECTS))("what cannot be understood needs nothing: %s", (dialect) => {
    const junk = { thinking: 5, generationConfig: "x", reasoning: 7, reasoning_effort: "enormous" }
    const body = DIALECTS[dialect]!.body([{ type: "image_url" }, 5], junk)
    expect(needsOf(envelopeOf(dialect, body))).toEqual([])
  })

  test.each(CASES)(
    "the top level says what the decoded request says: %s",
    (_name, dialect, body) => {
      const envelope = envelopeOf(dialect, body)
      const { tools, output, reasoning, stream } = envelope.decode!()
      expect(envelope.needs!("tools")).toBe(tools.length > 0)
      expect(envelope.needs!("json-schema")).toBe(output?.type === "schema")
      expect(envelope.needs!("reasoning")).toBe(thinks(reasoning))
      expect(envelope.needs!("streaming")).toBe(stream)
    },
  )

  test("a body is only decoded where a sign of media is found", () => {
    const counted = (content: unknown) => {
      const envelope = envelopeOf("openai-chat", DIALECTS["openai-chat"]!.body(content))
      const decode = envelope.decode!
      let decoded = 0
      envelope.decode = () => {
        decoded++
        return decode.call(envelope)
      }
      const found = needsOf(envelope)
      return { found, decoded }
    }
    expect(counted("x".repeat(100_000))).toEqual({ found: [], decoded: 0 })
    const image = [{ type: "image_url", image_url: { url: "https://x/a.png" } }]
    expect(counted(image)).toEqual({ found: ["vision"], decoded: 1 })
  })

  test("media is looked for in linear time", () => {
    const ask = (size: number) => {
      const text = '"image" \\ '.repeat(size)
      const envelope = envelopeOf("openai-chat", DIALECTS["openai-chat"]!.body(text))
      return () => void envelope.needs!("vision")
    }
    expect(growthOf(ask, 50_000)).toBeLessThan(LINEAR)
  })
})
