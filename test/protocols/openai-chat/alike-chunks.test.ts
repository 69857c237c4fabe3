import { expect, test } from "bun:test"
import type { CanonicalEvent } from "../../../src/core/canonical.ts"
import type { Decoding } from "../../../src/core/protocol.ts"
import { createDecoder } from "../../../src/protocols/openai-chat/decode-answer.ts"

const PLAIN: Decoding = { family: "", names: new Map(), custom: new Set() }

/** @param alike whether chunks are written in the same way, so that most of them need no parsing */
function decode(chunks: readonly object[], alike: boolean, decoding: Decoding): CanonicalEvent[] {
  const decoder = createDecoder(decoding)
  const wire = chunks.map((chunk, at) => {
    const space = alike ? "" : " ".repeat(at + 1)
    return `data: ${JSON.stringify(chunk).slice(0, -1)}${space}}\n\n`
  })
  const said = wire.flatMap((event) => [...decoder.push(Buffer.from(event))])
  return [...said, ...decoder.push(Buffer.from("data: [DONE]\n\n")), ...decoder.end()]
}

const choice = (delta: object, rest: object = {}) => ({
  index: 0,
  delta,
  finish_reason: null,
  ...rest,
})
const chunk = (delta: object, rest: object = {}) => ({
  id: "c",
  model: "m",
  choices: [choice(delta)],
  ...rest,
})
const says = (content: string, rest: object = {}) => chunk({ content }, rest)
const END = { id: "c", model: "m", choices: [choice({}, { finish_reason: "stop" })] }
const CALL = { index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }

const STREAMS: Record<string, object[]> = {
  "nothing but words": [
    says("Hello"),
    says(" wörld"),
    says(""),
    says(' "quoted"\n日本 🚀'),
    says("x"),
  ],
  "words around thoughts": [
    says("a"),
    says("b"),
    chunk({ content: "", reasoning_content: "hm" }),
    chunk({ content: "", reasoning_content: "so" }),
    says("c"),
    says("d"),
  ],
  "words around a call": [
    says("a"),
    says("b"),
    chunk({ tool_calls: [CALL] }),
    says("c"),
    says("d"),
  ],
  "a refusal": [
    says("a"),
    says("b"),
    chunk({ content: null, refusal: "no" }),
    says("c"),
    says("d"),
  ],
  "padding of several lengths": ["a", "b", "c"].map((word) =>
    says(word, { obfuscation: word.repeat(9) }),
  ),
  "pages whose content comes before the words": [1, 2, 3].map((page) => ({
    search_results: [{ title: "t", url: "https://a.example", content: `page ${page}` }],
    ...says("same"),
  })),
  "thoughts between tags": ["<thi", "nk>", "hm", " so", "</think>", "a", "b"].map((word) =>
    says(word),
  ),
  "log probabilities": ["a", "b", "c"].map((token) => ({
    ...says(token),
    choices: [choice({ content: token }, { logprobs: { content: [{ token, logprob: -1 }] } })],
  })),
  "usage that grows": [1, 2, 3].map((tokens) =>
    says("word", { usage: { prompt_tokens: 1, completion_tokens: tokens } }),
  ),
  "several answers": [0, 1, 0, 1, 0].map((index) => ({
    ...says("w"),
    choices: [choice({ content: `w${index}` }, { index })],
  })),
}

test.each(Object.keys(STREAMS))(
  "chunks that are alike say what they would say parsed: %s",
  (name) => {
    const chunks = [...STREAMS[name]!, END]
    for (const more of [{}, { thinkTags: true }, { severalChoices: true }]) {
      const decoding = { ...PLAIN, ...more }
      expect(decode(chunks, true, decoding)).toEqual(decode(chunks, false, decoding))
    }
  },
)

test("what else is called content is not said, however it is spaced", () => {
  const decoder = createDecoder(PLAIN)
  const said = ["a", "b", "c"].flatMap((word) => {
    const page = `{"title":"t","content": "page ${word}"}`
    const chunk = JSON.stringify(says(word)).replace("{", `{"found":${page},`)
    const later = JSON.stringify(says(word)).replace(/}$/, `,"found":${page}}`)
    return [chunk, later].flatMap((data) => [
      ...decoder.push(Buffer.from(`data: ${data}\n\n`.repeat(2))),
    ])
  })
  const texts = said.flatMap((event) => (event.type === "delta" ? [event.text] : []))
  expect(texts.join("")).toBe("aaaabbbbcccc")
})
