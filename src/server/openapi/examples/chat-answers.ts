import type { Examples } from "../document.ts"
import type { ChatCompletion, ChatCompletionChunk } from "../schemas/chat-response.ts"

const MODEL = "gpt-5.4-mini"
const USAGE = { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 }

/** Chat answers, by name. */
export const chatAnswers: Examples<ChatCompletion> = {
  text: {
    summary: "Text",
    value: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1790000000,
      model: MODEL,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "It forwards each request to where it is answered best.",
            refusal: null,
          },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: USAGE,
    },
  },
  tools: {
    summary: "A tool call",
    value: {
      id: "chatcmpl-2",
      object: "chat.completion",
      created: 1790000000,
      model: MODEL,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: null,
            refusal: null,
            tool_calls: [
              {
                id: "call_1",
                type: "function",
                function: { name: "get_weather", arguments: '{"city":"Lisbon"}' },
              },
            ],
          },
          logprobs: null,
          finish_reason: "tool_calls",
        },
      ],
      usage: USAGE,
    },
  },
}

const chunk = {
  id: "chatcmpl-3",
  object: "chat.completion.chunk",
  created: 1790000000,
  model: MODEL,
} as const

/** The events of a short streamed answer. */
export const chatChunks: readonly ChatCompletionChunk[] = [
  {
    ...chunk,
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  },
  { ...chunk, choices: [{ index: 0, delta: { content: "One, two" }, finish_reason: null }] },
  { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
  { ...chunk, choices: [], usage: USAGE },
]

/** Events as they are on the wire. */
export function asEventStream(values: readonly unknown[]): string {
  const lines = values.map((value) => `data: ${JSON.stringify(value)}\n\n`)
  return `${lines.join("")}data: [DONE]\n\n`
}
