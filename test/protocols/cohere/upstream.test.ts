import { describe, expect, test } from "bun:test"
import type { PathContext } from "../../../src/core/protocol.ts"
import { cohere } from "../../../src/protocols/cohere/index.ts"
import { failureOf, targetOf } from "../support/codec.ts"

const { upstream } = cohere

describe("an error answer", () => {
  test.each([
    [
      400,
      "invalid request: message must be at least 1 token long",
      "upstream-rejected",
      undefined,
      400,
    ],
    [
      400,
      "too many tokens: total number of tokens exceeds the limit",
      "upstream-rejected",
      "context-length",
      400,
    ],
    [401, "invalid api token", "upstream-unauthorized", undefined, 401],
    [402, "please add a payment method", "upstream-unauthorized", "billing", 402],
    [404, "model 'x' not found", "upstream-model-missing", undefined, 404],
    [
      422,
      "invalid type: parameter messages is of type string",
      "upstream-rejected",
      undefined,
      422,
    ],
    [429, "You are past the per minute request limit", "upstream-rate-limited", undefined, 429],
    [
      429,
      "You are using a Trial key, which is limited to 1000 API calls / month.",
      "upstream-rate-limited",
      "billing",
      429,
    ],
    [498, "blocked output", "upstream-rejected", "content-policy", 400],
    [499, "request cancelled", "upstream-error", undefined, 502],
    [503, "service unavailable", "upstream-error", "overloaded", 503],
    [504, "gateway timeout", "upstream-timeout", undefined, 504],
  ])("%d %s is %s %s", (status, message, kind, reason, told) => {
    const body = Buffer.from(JSON.stringify({ id: "e", message }))
    const error = upstream.decodeError(status, new Headers(), body)
    expect(error.kind).toBe(kind as typeof error.kind)
    expect(error.detail.reason).toBe(reason as typeof error.detail.reason)
    expect(error.message).toBe(message)
    expect(error.status).toBe(told)
  })

  test("says how many tokens are too many, where it is told", () => {
    const message = "too many tokens: the prompt cannot exceed 4081 tokens - received 5000"
    const body = Buffer.from(JSON.stringify({ message }))
    expect(upstream.decodeError(400, new Headers(), body).detail.tokens).toEqual({
      given: 5000,
      limit: 4081,
    })
  })

  test("that is no JSON says what it says", () => {
    const headers = new Headers({ "retry-after": "7" })
    const error = upstream.decodeError(502, headers, Buffer.from("<h1>Bad Gateway</h1>"))
    expect(error.message).toBe("Bad Gateway")
    expect(error.detail.retryAfterMs).toBe(7000)
    expect(upstream.decodeError(500, new Headers(), new Uint8Array()).message).toBe(
      "The upstream answered 500.",
    )
  })
})

describe("embeddings", () => {
  const { encodeRequest, decodeAnswer } = upstream.embeddings!
  const request = { model: "g", inputs: ["a", "b"], encoding: "float" as const }
  const sent = (more: object = {}) => {
    const { body, losses } = encodeRequest({ ...request, ...more }, targetOf())
    return { body: JSON.parse(Buffer.from(body).toString()), losses }
  }

  test("say what their texts are for", () => {
    expect(sent({ dimensions: 256 }).body).toEqual({
      model: "m",
      texts: ["a", "b"],
      input_type: "search_document",
      embedding_types: ["float"],
      output_dimension: 256,
    })
    expect(sent({ task: "RETRIEVAL_QUERY" }).body.input_type).toBe("search_query")
    expect(sent({ task: "clustering" }).body.input_type).toBe("clustering")
    const unknown = sent({ task: "SEMANTIC_SIMILARITY", title: "t" })
    expect(unknown.body.input_type).toBe("search_document")
    expect(unknown.losses.map(({ param }) => param)).toEqual(["title", "task"])
  })

  test("are of texts only", () => {
    expect(failureOf(() => sent({ inputs: [[1, 2]] })).detail.param).toBe("input")
  })

  test("come as one vector for each", () => {
    const answer = {
      id: "e",
      embeddings: { float: [[0.1, -2]] },
      texts: ["a"],
      meta: { billed_units: { input_tokens: 3 } },
    }
    expect(decodeAnswer(Buffer.from(JSON.stringify(answer)))).toEqual({
      model: "",
      vectors: [[0.1, -2]],
      tokens: 3,
    })
    expect(failureOf(() => decodeAnswer(Buffer.from('{"embeddings":{}}'))).kind).toBe(
      "upstream-invalid",
    )
  })
})

test("paths are Cohere's own, and other operations have none", () => {
  const path = (operation: PathContext["operation"]) =>
    upstream.path({ operation, model: "m", stream: false, capabilities: {} })
  expect([path("chat"), path("embeddings")]).toEqual(["/v2/chat", "/v2/embed"])
  expect(failureOf(() => path("images")).kind).toBe("internal")
})
