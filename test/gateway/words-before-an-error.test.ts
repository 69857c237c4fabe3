import { describe, expect, test } from "bun:test"
import type { Decoding, Upstream } from "../../src/core/protocol.ts"
import { createTranslation } from "../../src/gateway/translation.ts"
import { ingress } from "../../src/protocols/anthropic-messages/ingress.ts"
import { upstream as messages } from "../../src/protocols/anthropic-messages/upstream.ts"
import { upstream as bedrock } from "../../src/protocols/bedrock-converse/upstream.ts"
import { upstream as cohere } from "../../src/protocols/cohere/upstream.ts"
import { upstream as gemini } from "../../src/protocols/gemini/upstream.ts"
import { upstream as ollama } from "../../src/protocols/ollama/upstream.ts"
import { upstream as chat } from "../../src/protocols/openai-chat/upstream.ts"
import { upstream as responses } from "../../src/protocols/openai-responses/upstream.ts"
import { handOn } from "../support/hand-on.ts"
import { exception, framed } from "../protocols/bedrock-converse/support.ts"
import { contextOf } from "../protocols/anthropic-messages/make.ts"

const DECODING: Decoding = { family: "", names: new Map(), custom: new Set() }
const SIZES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]
const ERROR = { type: "overloaded_error", message: "busy" }

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const says = (content: string) => event({ id: "c", choices: [{ index: 0, delta: { content } }] })
const block = { index: 0, content_block: { type: "text", text: "" } }
const place = { item_id: "i", output_index: 0, content_index: 0 }

const STREAMS: Record<string, [Upstream, string | Buffer]> = {
  chat: [chat, says("a") + says("b") + says("c") + event({ error: ERROR })],
  messages: [
    messages,
    event({ type: "message_start", message: { id: "m", usage: { input_tokens: 1 } } }) +
      event({ type: "content_block_start", ...block }) +
      ["a", "b", "c"]
        .map((text) => ({ index: 0, delta: { type: "text_delta", text } }))
        .map((fields) => event({ type: "content_block_delta", ...fields }))
        .join("") +
      event({ type: "error", error: ERROR }),
  ],
  bedrock: [
    bedrock,
    Buffer.concat([
      framed([{ messageStart: { role: "assistant" } }]),
      ...["a", "b", "c"].map((text) =>
        framed([{ contentBlockDelta: { contentBlockIndex: 0, delta: { text } } }]),
      ),
      exception("serviceUnavailableException", { message: "busy" }),
    ]),
  ],
  gemini: [
    gemini,
    ["a", "b", "c"]
      .map((text) => event({ candidates: [{ index: 0, content: { parts: [{ text }] } }] }))
      .join("") + event({ error: { code: 503, status: "UNAVAILABLE", message: "busy" } }),
  ],
  cohere: [
    cohere,
    event({ type: "message-start", id: "m" }) +
      event({
        type: "content-start",
        index: 0,
        delta: { message: { content: { type: "text" } } },
      }) +
      ["a", "b", "c"]
        .map((text) => ({ index: 0, delta: { message: { content: { text } } } }))
        .map((fields) => event({ type: "content-delta", ...fields }))
        .join("") +
      event({ message: "busy" }),
  ],
  ollama: [
    ollama,
    ["a", "b", "c"]
      .map((content) => ({ model: "m", message: { role: "assistant", content }, done: false }))
      .concat({ error: "busy" } as never)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  ],
  responses: [
    responses,
    event({ type: "response.created", response: { id: "r" } }) +
      ["a", "b", "c"]
        .map((delta) => event({ type: "response.output_text.delta", ...place, delta }))
        .join("") +
      event({ type: "error", error: ERROR }),
  ],
}

describe.each(Object.entries(STREAMS))(
  "words in the same bytes as an error: %s",
  (_, [upstream, stream]) => {
    test.each(SIZES)(`are told, and the error at once, in pieces of %d`, (size) => {
      const relay = createTranslation(
        upstream.chat!.createDecoder(DECODING),
        ingress.chat!.createStream(contextOf({})),
        Infinity,
      )
      const out: Uint8Array[] = []
      const bytes = typeof stream === "string" ? Buffer.from(stream) : stream
      for (let at = 0; at < bytes.length; at += size) {
        handOn(relay, bytes.subarray(at, at + Math.min(size, bytes.length)), out)
      }
      expect(relay.phase).toBe("failed")
      expect(relay.error?.message).toContain("busy")
      const said = Buffer.concat(out)
        .toString()
        .matchAll(/"text":"(\w+)"/g)
      expect([...said].map(([, text]) => text).join("")).toBe("abc")
    })
  },
)
