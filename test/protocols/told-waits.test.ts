import { describe, expect, test } from "bun:test"
import { protocols } from "../../src/protocols/index.ts"

const upstreamOf = (id: string) => protocols.get(id)!.upstream
const bytes = (body: unknown) => Buffer.from(JSON.stringify(body))
const waitOf = (id: string, body: unknown, headers: Record<string, string> = {}, status = 429) =>
  upstreamOf(id).decodeError(status, new Headers(headers), bytes(body)).detail.retryAfterMs

const exhausted = (details: object[], message = "You exceeded your current quota.") => ({
  error: { code: 429, message, status: "RESOURCE_EXHAUSTED", details },
})
const RETRY_INFO = { "@type": "type.googleapis.com/google.rpc.RetryInfo" }
const QUOTA = {
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier" }],
}

describe("an error answer that says how long to wait", () => {
  test.each([
    ["openai-chat", { error: { message: "Rate limit reached. Please try again in 6.5s." } }, 6500],
    ["openai-responses", { error: { message: "Please try again in 20ms." } }, 20],
    // https://github.com/microsoft/action-python/issues/12
    ["openai-chat", { error: { code: "429", message: "Please retry after 3 seconds." } }, 3000],
    ["openai-chat", { detail: "Request was throttled.", status: 429, retry_after: 10 }, 10_000],
    ["gemini", exhausted([{ ...RETRY_INFO, retryDelay: "37s" }]), 37_000],
    ["gemini", exhausted([QUOTA, { ...RETRY_INFO, retryDelay: "34.074824224s" }]), 34_075],
    ["gemini", [exhausted([{ ...RETRY_INFO, retryDelay: "0.5s" }])], 500],
    ["gemini", exhausted([{ ...RETRY_INFO, retryDelay: { seconds: 3 } }]), undefined],
    // A quota that is used up: waiting helps nobody's request, but there is no use in asking sooner.
    ["gemini", exhausted([{ ...RETRY_INFO, retryDelay: "3600s" }]), 3_600_000],
    ["gemini", exhausted([], "Please retry in 12.3s."), 12_300],
    ["gemini", exhausted([], "Please retry in 1m2s."), 62_000],
    ["openai-chat", [exhausted([], "Please retry in 12.3s.")], 12_300],
    ["anthropic-messages", { error: { message: "Please try again in 2m3s." } }, 123_000],
    ["cohere", { message: "Please try again in 30 seconds." }, 30_000],
    ["ollama", { error: "rate limited, try again in 1 min" }, 60_000],
    ["bedrock-converse", { message: "Too many tokens, please retry after 5 seconds." }, 5000],
    ["openai-chat", { error: { message: "Slow down.", metadata: { headers: null } } }, undefined],
  ])("%s: %j", (id, body, expected) => {
    expect(waitOf(id, body)).toBe(expected)
  })

  test("repeats its headers in the body, whatever is in them", () => {
    const body = (headers: object) => ({
      error: {
        message: "Rate limit exceeded: free-models-per-day.",
        code: 429,
        metadata: { headers, limit_source: "openrouter_free_tier_daily" },
      },
    })
    const reset = String(Date.now() + 90_000)
    const limits = { "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0" }
    const wait = waitOf("openai-chat", body({ ...limits, "X-RateLimit-Reset": reset }))!
    expect(wait).toBeGreaterThan(60_000)
    expect(wait).toBeLessThanOrEqual(90_000)
    expect(waitOf("openai-chat", body({ "Retry-After": 12 }))).toBe(12_000)
    for (const odd of [
      { "x-ratelimit-\n": "0" },
      { "retry-after": "a\r\nb" },
      { "retry-after": {} },
    ]) {
      expect(waitOf("openai-chat", body(odd))).toBeUndefined()
    }
  })

  test("says it in its headers first", () => {
    const body = { error: { message: "Please try again in 6.5s." } }
    for (const id of ["openai-chat", "openai-responses", "anthropic-messages", "cohere"]) {
      expect(waitOf(id, body, { "retry-after-ms": "1500" })).toBe(1500)
    }
  })

  test("tells the moment when its limit is whole again", () => {
    const reset = new Date(Date.now() + 90_000).toISOString()
    const wait = waitOf(
      "anthropic-messages",
      {},
      {
        "anthropic-ratelimit-requests-remaining": "12",
        "anthropic-ratelimit-requests-reset": new Date(Date.now() + 900_000).toISOString(),
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": reset,
      },
    )!
    expect(wait).toBeGreaterThan(60_000)
    expect(wait).toBeLessThanOrEqual(90_000)
  })
})
