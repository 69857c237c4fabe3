import { describe, expect, test } from "bun:test"
import type { Operation } from "../../src/core/operation.ts"
import type { RequestEnvelope, RequestHead } from "../../src/core/protocol.ts"
import { isServed } from "../../src/core/protocol.ts"
import { sessionOf } from "../../src/gateway/session.ts"
import { protocols } from "../../src/protocols/index.ts"
import { growthOf, LINEAR } from "../support/growth.ts"

const NO_HEADERS = new Headers()

function open(
  id: string,
  body: unknown,
  path = "/v1/x",
  operation: Operation = "chat",
): RequestEnvelope {
  const protocol = protocols.get(id)
  if (!protocol || !isServed(protocol)) throw new Error(`${id} is not served`)
  const head: RequestHead = { operation, headers: NO_HEADERS, path, query: "" }
  return protocol.ingress.inspect(head, Buffer.from(JSON.stringify(body)))
}

const keyOf = (
  envelope: RequestEnvelope,
  caller: string | null = "team-a",
  headers: Record<string, string> = {},
) => sessionOf({ headers: new Headers(headers) }, envelope, caller)

/** A conversation of one protocol: its first turn, a later one, and others that begin differently. */
interface Conversation {
  id: string
  path?: string
  first: object
  later: object
  others: object[]
}

const text = (value: string, mark = false) => ({
  type: "text",
  text: value,
  ...(mark && { cache_control: { type: "ephemeral" } }),
})

const conversations: Conversation[] = [
  {
    id: "openai-chat",
    first: {
      model: "fast",
      messages: [
        { role: "system", content: "You are a coding agent." },
        { role: "user", content: [text("<env>", false), text('Fix the "bug".', true)] },
      ],
    },
    later: {
      model: "fast",
      stream: true,
      tools: [{ type: "function", function: { name: "read" } }],
      messages: [
        { role: "system", content: [text("You are a coding agent.", true)] },
        { role: "user", content: [text("<env>"), text('Fix the "bug".')] },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "a", type: "function", function: { name: "read", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "a", content: "text" },
        { role: "user", content: "go on" },
      ],
    },
    others: [
      { model: "fast", messages: [{ role: "user", content: 'Fix the "bug".' }] },
      {
        model: "fast",
        messages: [
          { role: "system", content: "You are a coding agent." },
          { role: "user", content: "Write a test." },
        ],
      },
    ],
  },
  {
    id: "openai-responses",
    first: { model: "fast", instructions: "Be brief.", input: "What is the time?" },
    later: {
      model: "fast",
      instructions: "Be brief.",
      input: [
        { role: "user", content: [{ type: "input_text", text: "What is the time?" }] },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" },
        { type: "function_call", call_id: "c", name: "clock", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "noon" },
      ],
    },
    others: [
      { model: "fast", instructions: "Be long.", input: "What is the time?" },
      { model: "fast", instructions: "Be brief.", input: "What is the place?" },
    ],
  },
  {
    id: "anthropic-messages",
    first: {
      model: "smart",
      max_tokens: 100,
      system: [text("You are an agent.", true)],
      messages: [
        { role: "user", content: [text("<system-reminder>"), text("ECHO:cc1", true)] },
        { role: "system", content: [text("# Environment", true)] },
      ],
    },
    later: {
      model: "smart",
      max_tokens: 200,
      system: "You are an agent.",
      messages: [
        { role: "user", content: [text("<system-reminder>"), text("ECHO:cc1")] },
        { role: "system", content: [text("# Environment")] },
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "Bash", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "ok" }] },
      ],
    },
    others: [{ model: "smart", max_tokens: 1, messages: [{ role: "user", content: "ECHO:cc1" }] }],
  },
  {
    id: "gemini",
    path: "/v1beta/models/smart:generateContent",
    first: {
      systemInstruction: { role: "user", parts: [{ text: "You are an agent." }] },
      contents: [{ role: "user", parts: [{ text: "<session_context>" }, { text: "USE_TOOL" }] }],
    },
    later: {
      system_instruction: { parts: [{ text: "You are an agent." }] },
      contents: [
        { parts: [{ text: "<session_context>" }, { text: "USE_TOOL" }] },
        { role: "model", parts: [{ functionCall: { name: "read_file", args: {} } }] },
        { role: "user", parts: [{ functionResponse: { name: "read_file", response: {} } }] },
      ],
      generationConfig: { temperature: 1 },
    },
    others: [{ contents: [{ parts: [{ text: "USE_TOOL" }] }] }],
  },
]

describe("a conversation that nothing names", () => {
  test.each(conversations)(
    "is known by how it begins: $id",
    ({ id, path, first, later, others }) => {
      const key = keyOf(open(id, first, path))
      expect(key).toMatch(/^[\w-]{22}$/)
      expect(keyOf(open(id, later, path))).toBe(key!)
      const keys = others.map((other) => keyOf(open(id, other, path)))
      expect(new Set([key, ...keys]).size).toBe(others.length + 1)
    },
  )

  test.each(conversations)("is another one for another caller: $id", ({ id, path, first }) => {
    const envelope = open(id, first, path)
    expect(keyOf(envelope, "team-b")).not.toBe(keyOf(envelope, "team-a"))
    expect(keyOf(envelope, null)).not.toBe(keyOf(envelope, "team-a"))
  })

  test("is another one for each user of one program", () => {
    const messages = [{ role: "user", content: "hello" }]
    const of = (fields: object) =>
      keyOf(open("openai-chat", { model: "fast", messages, ...fields }))
    const keys = [of({}), of({ user: "ann" }), of({ user: "bob" }), of({ safety_identifier: "c" })]
    expect(new Set(keys).size).toBe(4)
  })

  test("of one user is not the same as another one of that user", () => {
    const of = (content: string) =>
      keyOf(open("openai-chat", { model: "m", user: "job", messages: [{ role: "user", content }] }))
    expect(of("one")).not.toBe(of("two"))
  })

  test("has no key where there is no text", () => {
    expect(keyOf(open("openai-chat", { model: "fast" }))).toBeUndefined()
    expect(keyOf(open("openai-chat", { model: "fast", messages: [] }))).toBeUndefined()
    expect(keyOf(open("openai-chat", { model: "fast", messages: "odd" }))).toBeDefined()
    expect(keyOf(open("anthropic-messages", { model: "m", messages: [1, null] }))).toBeUndefined()
  })

  test("is not known while it goes on from an answer whose beginning is elsewhere", () => {
    const body = { model: "m", input: "and now?", previous_response_id: "resp_1" }
    expect(keyOf(open("openai-responses", body))).toBeUndefined()
  })

  test("in the shape of another protocol is known there as well", () => {
    const body = { model: "m", input: "hello" }
    expect(keyOf(open("openai-chat", body))).toBe(keyOf(open("openai-responses", body))!)
  })
})

describe("a conversation that its body names", () => {
  const input = [{ role: "user", content: "hi" }]

  test.each(["openai-chat", "openai-responses"])("has that for its key: %s", (id) => {
    const of = (first: string, key: string) =>
      keyOf(
        open(id, {
          model: "m",
          messages: [{ role: "user", content: first }],
          input: first,
          prompt_cache_key: key,
        }),
      )
    expect(of("one", "thread-1")).toBe(of("two", "thread-1")!)
    expect(of("one", "thread-1")).not.toBe(of("one", "thread-2"))
  })

  test("keeps its key while it goes on from earlier answers", () => {
    const of = (fields: object) =>
      keyOf(
        open("openai-responses", { model: "m", input, prompt_cache_key: "thread-1", ...fields }),
      )
    expect(of({ previous_response_id: "resp_1" })).toBe(of({})!)
  })

  test.each([
    (session: string) => JSON.stringify({ device_id: "d", account_uuid: "", session_id: session }),
    (session: string) => `user_0f_account__session_${session}`,
  ])("has a session in its user id", (userId) => {
    const of = (session: string, content: string) =>
      keyOf(
        open("anthropic-messages", {
          model: "m",
          max_tokens: 1,
          metadata: { user_id: userId(session) },
          messages: [{ role: "user", content }],
        }),
      )
    expect(of("s1", "one")).toBe(of("s1", "two")!)
    expect(of("s1", "one")).not.toBe(of("s2", "one"))
  })
})

describe("a conversation that a header names", () => {
  const envelope = (content: string) =>
    open("openai-chat", { model: "m", messages: [{ role: "user", content }] })

  test.each([
    "x-llmrouter-session",
    "X-Claude-Code-Session-Id",
    "session-id",
    "session_id",
    "conversation_id",
    "x-session-affinity",
    "x-session-id",
  ])("has that for its key, whatever it says: %s", (name) => {
    const of = (content: string, value: string, caller = "team-a") =>
      keyOf(envelope(content), caller, { [name]: value })
    expect(of("one", "ses_1")).toBe(of("two", "ses_1")!)
    expect(of("one", "ses_1")).not.toBe(of("one", "ses_2"))
    expect(of("one", "ses_1")).not.toBe(of("one", "ses_1", "team-b"))
  })

  test("has the router's own header before all others, and an empty one is none", () => {
    const own = keyOf(envelope("x"), "a", { "x-llmrouter-session": "1" })
    expect(keyOf(envelope("x"), "a", { "x-llmrouter-session": "1", "session-id": "2" })).toBe(own!)
    expect(keyOf(envelope("x"), "a", { "x-session-id": " " })).toBe(keyOf(envelope("x"), "a")!)
  })
})

test("an opening with a large image is looked through in linear time", () => {
  const image = (size: number) => ({
    role: "user",
    content: [text("look"), { type: "image_url", image_url: { url: "a".repeat(size) } }],
  })
  const growth = growthOf((size) => {
    const opened = open("openai-chat", { model: "m", messages: [image(size)] })
    return () => opened.session?.()
  }, 50_000)
  expect(growth).toBeLessThan(LINEAR)
})
