import { describe, expect, test } from "bun:test"
import { type ErrorDetail, type ErrorKind, GatewayError } from "../../../src/core/error.ts"
import { ingress, upstream } from "./support.ts"

const encoded = (kind: ErrorKind, message: string, detail: ErrorDetail = {}) => {
  const error = new GatewayError(kind, message, detail)
  const body = JSON.parse(ingress.encodeError(error, "req_1")).error
  expect(body.code).toBe(ingress.statusOf!(error))
  return body
}

describe("our errors", () => {
  test.each([
    ["unauthorized", {}, 400, "INVALID_ARGUMENT"],
    ["invalid-request", {}, 400, "INVALID_ARGUMENT"],
    ["forbidden", {}, 403, "PERMISSION_DENIED"],
    ["not-found", {}, 404, "NOT_FOUND"],
    ["too-large", {}, 413, "INVALID_ARGUMENT"],
    ["rate-limited", {}, 429, "RESOURCE_EXHAUSTED"],
    ["client-gone", {}, 499, "CANCELLED"],
    ["unavailable", {}, 503, "UNAVAILABLE"],
    ["upstream-error", {}, 500, "INTERNAL"],
    ["upstream-error", { status: 529, reason: "overloaded" }, 503, "UNAVAILABLE"],
    ["upstream-truncated", {}, 500, "INTERNAL"],
    ["upstream-timeout", {}, 504, "DEADLINE_EXCEEDED"],
    ["upstream-rate-limited", { status: 402, reason: "billing" }, 429, "RESOURCE_EXHAUSTED"],
    ["upstream-unauthorized", {}, 401, "UNAUTHENTICATED"],
    ["upstream-unauthorized", { status: 401, reason: "permission" }, 403, "PERMISSION_DENIED"],
    ["upstream-rejected", { reason: "content-policy" }, 400, "INVALID_ARGUMENT"],
  ] as [ErrorKind, ErrorDetail, number, string][])(
    "%s %p has the status %d",
    (kind, detail, code, status) => {
      expect(encoded(kind, "x", detail)).toMatchObject({ code, status })
    },
  )

  // Case 91.
  test("a wrong key is an invalid argument with a reason that clients know", () => {
    expect(encoded("unauthorized", "No.").details[0]).toMatchObject({
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "API_KEY_INVALID",
    })
  })

  // Case 85.
  test("a rate limit says when to come back, twice", () => {
    const error = encoded("upstream-rate-limited", "Slow down.", { retryAfterMs: 5200 })
    expect(error.message).toBe("Slow down. Please retry in 6s.")
    expect(error.details[0]).toEqual({
      "@type": "type.googleapis.com/google.rpc.RetryInfo",
      retryDelay: "6s",
    })
  })

  test("a quota that is used up does not", () => {
    const error = encoded("upstream-rate-limited", "No credit.", {
      retryAfterMs: 5200,
      reason: "billing",
    })
    expect(JSON.stringify(error)).not.toContain("etry")
  })

  // Case 87.
  test("a conversation that is too long is told in the API's words", () => {
    const tokens = { given: 200_000, limit: 100_000 }
    const { message } = encoded("upstream-rejected", "prompt is too long", {
      reason: "context-length",
      tokens,
    })
    expect(message).toStartWith(
      "The input token count (200000) exceeds the maximum number of tokens allowed (100000).",
    )
    expect(
      encoded("upstream-rejected", "too long", { reason: "context-length" }).message,
    ).toStartWith("The input token count exceeds the maximum number of tokens allowed.")
  })

  test("a parameter is named as a field", () => {
    const { details } = encoded("unsupported", "Not here.", {
      param: "generationConfig.stopSequences",
    })
    expect(details[0].fieldViolations).toEqual([
      { field: "generationConfig.stopSequences", description: "Not here." },
    ])
    expect(details.at(-1)).toEqual({
      "@type": "type.googleapis.com/google.rpc.RequestInfo",
      requestId: "req_1",
    })
  })
})

const decoded = (status: number, body: object | string, headers = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return upstream.decodeError(status, new Headers(headers), Buffer.from(text))
}
const failure = (code: number, message: string, status: string, details: object[] = []) => ({
  error: { code, message, status, details },
})
const type = (name: string) => `type.googleapis.com/google.rpc.${name}`

describe("an upstream's errors", () => {
  test.each([
    [400, "bad field", "INVALID_ARGUMENT", [], "upstream-rejected", undefined],
    [
      400,
      "API key not valid. Please pass a valid API key.",
      "INVALID_ARGUMENT",
      [],
      "upstream-unauthorized",
      undefined,
    ],
    [
      400,
      "x",
      "INVALID_ARGUMENT",
      [{ "@type": type("ErrorInfo"), reason: "API_KEY_INVALID" }],
      "upstream-unauthorized",
      undefined,
    ],
    [
      400,
      "User location is not supported for the API use.",
      "FAILED_PRECONDITION",
      [],
      "upstream-unauthorized",
      "permission",
    ],
    [
      400,
      "Function call is missing a thought_signature in functionCall parts.",
      "INVALID_ARGUMENT",
      [],
      "upstream-rejected",
      "state-rejected",
    ],
    [
      400,
      "Corrupted thought signature.",
      "INVALID_ARGUMENT",
      [],
      "upstream-rejected",
      "state-rejected",
    ],
    [401, "x", "UNAUTHENTICATED", [], "upstream-unauthorized", undefined],
    [402, "x", "RESOURCE_EXHAUSTED", [], "upstream-unauthorized", "billing"],
    [403, "x", "PERMISSION_DENIED", [], "upstream-unauthorized", "permission"],
    [404, "x", "NOT_FOUND", [], "upstream-model-missing", undefined],
    [429, "x", "RESOURCE_EXHAUSTED", [], "upstream-rate-limited", undefined],
    [
      429,
      "Quota exceeded, limit: 0, model: x",
      "RESOURCE_EXHAUSTED",
      [],
      "upstream-rate-limited",
      "billing",
    ],
    [
      429,
      "x",
      "RESOURCE_EXHAUSTED",
      [{ "@type": type("QuotaFailure"), violations: [{ quotaId: "RequestsPerDayPerModel" }] }],
      "upstream-rate-limited",
      "billing",
    ],
    [
      429,
      "x",
      "RESOURCE_EXHAUSTED",
      [{ "@type": type("RetryInfo"), retryDelay: "3600s" }],
      "upstream-rate-limited",
      "billing",
    ],
    [500, "x", "INTERNAL", [], "upstream-error", undefined],
    [503, "The model is overloaded.", "UNAVAILABLE", [], "upstream-error", "overloaded"],
    [504, "x", "DEADLINE_EXCEEDED", [], "upstream-timeout", undefined],
  ] as [number, string, string, object[], ErrorKind, string | undefined][])(
    "%d %s %s %p",
    (status, message, word, details, kind, reason) => {
      const error = decoded(status, failure(status, message, word, details))
      expect([error.kind, error.detail.reason as string | undefined, error.message]).toEqual([
        kind,
        reason,
        message,
      ])
      const wrapped = decoded(status, [failure(status, message, word, details)])
      expect([wrapped.kind, wrapped.detail.reason as string | undefined]).toEqual([kind, reason])
    },
  )

  // Case 85.
  test.each([
    [[{ "@type": type("RetryInfo"), retryDelay: "34.4s" }], "x", {}, 34_400],
    [[], "Please retry in 6.5s.", {}, 6500],
    [[], "Please retry in 250ms.", {}, 250],
    [[], "x", { "retry-after": "7" }, 7000],
    [[], "x", {}, undefined],
  ])("say when to come back: %p %s %p", (details, message, headers, wait) => {
    expect(
      decoded(429, failure(429, message, "RESOURCE_EXHAUSTED", details), headers).detail
        .retryAfterMs,
    ).toBe(wait)
  })

  test("say how much too long a conversation is", () => {
    const message =
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    expect(decoded(400, failure(400, message, "INVALID_ARGUMENT")).detail).toMatchObject({
      reason: "context-length",
      tokens: { given: 1_200_000, limit: 1_048_576 },
    })
  })

  test("are kept for callers of the same API, unless they are wrapped", () => {
    const body = failure(404, "x", "NOT_FOUND")
    expect(decoded(404, body).detail.upstream!.protocol).toBe("gemini")
    expect(decoded(404, [body]).detail.upstream).toBeUndefined()
  })

  test.each([
    ["<html><b>Bad</b> gateway</html>", "Bad gateway"],
    ["", "The upstream answered 502."],
    ['{"detail":"x"}', '{"detail":"x"}'],
  ])("may be anything: %p", (body, message) => {
    const error = decoded(502, body)
    expect([error.kind, error.message] as string[]).toEqual(["upstream-error", message])
  })
})
