import { describe, expect, test } from "bun:test"
import { upstream } from "../../../src/protocols/openai-chat/upstream.ts"
import { upstream as responses } from "../../../src/protocols/openai-responses/upstream.ts"
import { HeadView } from "../../../src/transport/http1/head-view.ts"

const NOW = 5_000_000
const WALL = Date.parse("2026-11-21T10:00:00Z")
const clock = { now: () => NOW, wall: () => WALL }

/** Headers as the vendors send them. */
const ANSWERS: Record<string, [Record<string, string>, unknown]> = {
  // Recorded: fixtures/openai-chat/chat-streaming.yaml
  OpenAI: [
    {
      "X-Ratelimit-Limit-Requests": "500",
      "X-Ratelimit-Limit-Tokens": "200000",
      "X-Ratelimit-Remaining-Requests": "499",
      "X-Ratelimit-Remaining-Tokens": "199996",
      "X-Ratelimit-Reset-Requests": "120ms",
      "X-Ratelimit-Reset-Tokens": "1ms",
    },
    {
      requests: { limit: 500, remaining: 499, resetAt: NOW + 120 },
      tokens: { limit: 200_000, remaining: 199_996, resetAt: NOW + 1 },
    },
  ],
  "Groq, whose requests are of a day": [
    {
      "x-ratelimit-limit-requests": "14400",
      "x-ratelimit-remaining-requests": "14370",
      "x-ratelimit-reset-requests": "2m59.56s",
      "x-ratelimit-limit-tokens": "18000",
      "x-ratelimit-remaining-tokens": "17997",
      "x-ratelimit-reset-tokens": "7.66s",
    },
    {
      requests: { limit: 14_400, remaining: 14_370, resetAt: NOW + 179_560 },
      tokens: { limit: 18_000, remaining: 17_997, resetAt: NOW + 7660 },
    },
  ],
  "Azure, which tells no limit": [
    { "x-ratelimit-remaining-requests": "118", "x-ratelimit-remaining-tokens": "119940" },
    {
      requests: { limit: Number.NaN, remaining: 118, resetAt: NOW + 60_000 },
      tokens: { limit: Number.NaN, remaining: 119_940, resetAt: NOW + 60_000 },
    },
  ],
  // https://inference-docs.cerebras.ai/support/rate-limits
  Cerebras: [
    {
      "x-ratelimit-limit-requests-day": "1000000000",
      "x-ratelimit-limit-tokens-minute": "1000000000",
      "x-ratelimit-remaining-requests-day": "999997455",
      "x-ratelimit-remaining-tokens-minute": "999998298",
      "x-ratelimit-reset-requests-day": "33011.382867097855",
      "x-ratelimit-reset-tokens-minute": "11.382867097854614",
    },
    {
      requests: { limit: 1e9, remaining: 999_997_455, resetAt: NOW + 33_011_383 },
      tokens: { limit: 1e9, remaining: 999_998_298, resetAt: NOW + 11_383 },
    },
  ],
  // https://github.com/mistralai/client-ts/issues/169
  Mistral: [
    {
      "x-ratelimit-limit-tokens-minute": "5000000",
      "x-ratelimit-remaining-tokens-minute": "4999911",
      "x-ratelimit-tokens-query-cost": "52",
      "x-ratelimit-limit-req-minute": "720",
      "x-ratelimit-remaining-req-minute": "717",
    },
    {
      requests: { limit: 720, remaining: 717, resetAt: NOW + 60_000 },
      tokens: { limit: 5_000_000, remaining: 4_999_911, resetAt: NOW + 60_000 },
    },
  ],
  "one that counts below zero": [
    { "x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "-120" },
    {
      requests: undefined,
      tokens: { limit: 6000, remaining: 0, resetAt: NOW + 60_000 },
    },
  ],
  "one that resets at a moment": [
    {
      "x-ratelimit-limit-requests": "20",
      "x-ratelimit-remaining-requests": "3",
      "x-ratelimit-reset-requests": String(WALL + 9000),
    },
    { requests: { limit: 20, remaining: 3, resetAt: NOW + 9000 }, tokens: undefined },
  ],
}

/** The same as the router's own client has them. */
function linesOf(headers: object): HeadView {
  const lines = Object.entries(headers).map(
    ([name, value]) => `\n${name.toLowerCase()}: ${value}\r`,
  )
  return new HeadView(lines.join(""))
}

describe("the limits that headers tell", () => {
  for (const [name, [headers, told]] of Object.entries(ANSWERS)) {
    test(`of ${name}`, () => {
      expect(upstream.rateLimits!(new Headers(headers), clock)).toEqual(told as object)
      expect(responses.rateLimits!(new Headers(headers), clock)).toEqual(told as object)
      expect(upstream.rateLimits!(linesOf(headers), clock)).toEqual(told as object)
    })
  }

  test("are none where nothing is told, or nothing that makes sense", () => {
    for (const headers of [
      {},
      { "content-type": "application/json", "x-ratelimit-limit-requests": "500" },
      { "x-ratelimit-remaining-requests": "many", "x-ratelimit-remaining-tokens": "" },
      { "x-ratelimit-remaining-requests": "NaN" },
      { "x-ratelimit-remaining-tokens": "9".repeat(400) },
    ]) {
      expect(
        upstream.rateLimits!(new Headers(headers as Record<string, string>), clock),
      ).toBeUndefined()
      expect(upstream.rateLimits!(linesOf(headers), clock)).toBeUndefined()
    }
  })
})
