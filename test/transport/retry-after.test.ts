import { describe, expect, test } from "bun:test"
import { retryAfterMs } from "../../src/transport/retry-after.ts"

const WALL = Date.parse("2026-11-21T10:00:00Z")

describe("retryAfterMs", () => {
  test.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after": "Sat, 21 Nov 2026 10:00:30 GMT" }, 30_000],
    [{ "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" }, 0],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
    [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms" }, 20],
    [
      { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h2m3.5s" },
      3_723_500,
    ],
    [{ "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-3" }, undefined],
    [{}, undefined],
  ])("reads %j as %p ms", (headers, expected) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), WALL)).toBe(expected)
  })
})
