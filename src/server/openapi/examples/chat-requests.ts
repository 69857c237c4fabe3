import type { Examples } from "../document.ts"
import type { ChatRequest } from "../schemas/chat-request.ts"

const WEATHER_TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city now.",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    },
    strict: true,
  },
} as const

/** Chat requests to try, by name. */
export const chatRequests: Examples<ChatRequest> = {
  text: {
    summary: "Text",
    value: {
      model: "auto",
      messages: [
        { role: "system", content: "Answer in one sentence." },
        { role: "user", content: "What does a router do?" },
      ],
    },
  },
  streaming: {
    summary: "Streaming",
    value: {
      model: "auto",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "Count to five." }],
    },
  },
  vision: {
    summary: "A picture",
    value: {
      model: "auto",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What colour is this?" },
            {
              type: "image_url",
              image_url: {
                url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==",
                detail: "low",
              },
            },
          ],
        },
      ],
    },
  },
  tools: {
    summary: "A tool",
    value: {
      model: "auto",
      messages: [{ role: "user", content: "Do I need an umbrella in Lisbon?" }],
      tools: [WEATHER_TOOL],
      tool_choice: "auto",
    },
  },
  toolAnswer: {
    summary: "A tool's answer",
    value: {
      model: "auto",
      messages: [
        { role: "user", content: "Do I need an umbrella in Lisbon?" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "call_1",
              type: "function",
              function: { name: "get_weather", arguments: '{"city":"Lisbon"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: '{"sky":"rain","celsius":14}' },
      ],
      tools: [WEATHER_TOOL],
    },
  },
  structured: {
    summary: "An answer that follows a schema",
    value: {
      model: "auto",
      messages: [{ role: "user", content: "Ada Lovelace was born on 10 December 1815." }],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "person",
          strict: true,
          schema: {
            type: "object",
            properties: { name: { type: "string" }, born: { type: "integer" } },
            required: ["name", "born"],
            additionalProperties: false,
          },
        },
      },
    },
  },
}
