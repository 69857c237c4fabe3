import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../../src/core/error.ts"
import { openaiChat } from "../../../src/protocols/openai-chat/index.ts"
import { readUsage } from "../../../src/protocols/openai-chat/usage.ts"

const { upstream, ingress } = openaiChat
const NONE = new Headers()
const decode = (status: number, body: string, headers = NONE) =>
  upstream.decodeError(status, headers, Buffer.from(body))

describe("decodeError", () => {
  test.each([
    [400, "upstream-rejected"],
    [413, "upstream-rejected"],
    [422, "upstream-rejected"],
    [418, "upstream-rejected"],
    [401, "upstream-unauthorized"],
    [402, "upstream-unauthorized"],
    [403, "upstream-unauthorized"],
    [404, "upstream-model-missing"],
    [408, "upstream-error"],
    [409, "upstream-error"],
    [429, "upstream-rate-limited"],
    [500, "upstream-error"],
    [503, "upstream-error"],
    [524, "upstream-error"],
    [529, "upstream-error"],
  ] as const)("classes %d as %s and keeps the status", (status, kind) => {
    const error = decode(status, "{}")
    expect(error.kind).toBe(kind)
    expect(error.status).toBe(status)
  })

  test("does not follow or pass on a redirect", () => {
    expect(decode(307, "").kind).toBe("upstream-invalid")
    expect(decode(307, "").status).toBe(502)
  })

  test.each([
    ['{"error":{"message":"m","code":"c"}}', "m"],
    ['{"message":"m"}', "m"],
    ['{"error":"m"}', "m"],
    ['[{"error":{"message":"m"}}]', "m"],
    ['{"detail":"m"}', "m"],
    ["plain m", "plain m"],
    ["<html><h1>Bad</h1> gateway</html>", "Bad gateway"],
    ["", "The upstream answered 500."],
  ])("reads the message from %s", (body, message) => {
    expect(decode(500, body).message).toBe(message)
  })

  test("takes Retry-After along", () => {
    expect(decode(429, "{}", new Headers({ "retry-after": "3" })).detail.retryAfterMs).toBe(3000)
  })

  test("keeps a JSON body for callers of the same protocol, and no HTML", () => {
    expect(decode(400, '{"error":{"message":"m"}}').detail.upstream?.protocol).toBe("openai-chat")
    expect(decode(502, "<html>").detail.upstream).toBeUndefined()
  })
})

describe("inspectAnswer", () => {
  const inspect = (body: string) => upstream.inspectAnswer("chat", Buffer.from(body))
  const refusal = (body: string) => {
    try {
      inspect(body)
    } catch (thrown) {
      if (thrown instanceof GatewayError) return thrown.kind
    }
    return undefined
  }

  test("reads the usage of a good answer", () => {
    const body = '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'
    expect(inspect(body).usage).toMatchObject({ input: 1, output: 2 })
    expect(inspect('{"data":[]}').usage).toBeUndefined()
  })

  test.each(["", "null", "[]", "{}", "<html>", '{"choices":['])(
    "takes %p for no answer",
    (body) => {
      expect(refusal(body)).toBe("upstream-invalid")
    },
  )

  test("takes JSON without an answer in it for none, but where any JSON will do", () => {
    expect(refusal('{"code":1301,"msg":"busy"}')).toBe("upstream-invalid")
    const heard = Buffer.from('{"text":"hi","usage":{"total_tokens":3}}')
    expect(upstream.inspectAnswer("transcription", heard).usage?.input).toBe(3)
  })

  test("finds an error inside a 200", () => {
    expect(refusal('{"error":{"message":"x","code":429}}')).toBe("upstream-rate-limited")
    expect(refusal('{"error":{"message":"x","type":"invalid_request_error"}}')).toBe(
      "upstream-rejected",
    )
    expect(refusal('{"error":"boom"}')).toBe("upstream-error")
    expect(refusal('{"error":null,"choices":[]}')).toBeUndefined()
  })
})

describe("readUsage", () => {
  test.each([
    [
      { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 4 },
      { input: 10, output: 5, cacheRead: 4, cacheWrite: 0, reasoning: 0 },
    ],
    [
      { input_tokens: 3, output_tokens: 8, input_tokens_details: { cached_tokens: 1 } },
      { input: 3, output: 8, cacheRead: 1, cacheWrite: 0, reasoning: 0 },
    ],
    [{ total_tokens: 6 }, { input: 6, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }],
    [
      { prompt_tokens: -4, completion_tokens: 1e300, total_tokens: 9 },
      { input: 0, output: 1e9, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
    ],
  ])("reads %j", (value, usage) => {
    expect(readUsage(value)).toEqual(usage)
  })

  test("finds nothing in what holds no counts", () => {
    for (const value of [null, undefined, {}, [], 5, { prompt_tokens: "many" }]) {
      expect(readUsage(value)).toBeUndefined()
    }
  })
})

describe("encodeError", () => {
  test("writes the shape that OpenAI clients read", () => {
    const error = new GatewayError("not-found", "no", { code: "model_not_found", param: "model" })
    expect(JSON.parse(ingress.encodeError(error, "req_1"))).toEqual({
      error: {
        message: "no",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
        request_id: "req_1",
      },
    })
  })

  test("ends a stream with one error event", () => {
    const bytes = ingress.encodeStreamError(new GatewayError("upstream-error", "no\n\n"), "req_1")
    const text = Buffer.from(bytes).toString()
    expect(text.match(/\n\n/g)).toHaveLength(1)
    expect(JSON.parse(text.slice(6)).error.type).toBe("server_error")
  })
})
