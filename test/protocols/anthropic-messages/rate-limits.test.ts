import { describe, expect, test } from "bun:test"
import { upstream } from "../../../src/protocols/anthropic-messages/upstream.ts"

const NOW = 5_000_000
const WALL = Date.parse("2026-11-21T10:00:00Z")
const clock = { now: () => NOW, wall: () => WALL }

const bucket = (name: string, limit: number, remaining: number, reset: string) => ({
  [`anthropic-ratelimit-${name}-limit`]: String(limit),
  [`anthropic-ratelimit-${name}-remaining`]: String(remaining),
  [`anthropic-ratelimit-${name}-reset`]: reset,
})
const REQUESTS = bucket("requests", 50, 49, "2026-11-21T10:00:01Z")
const INPUT = bucket("input-tokens", 30_000, 27_000, "2026-11-21T10:00:06Z")
const OUTPUT = bucket("output-tokens", 8000, 2000, "2026-11-21T10:00:45Z")
const BOTH = bucket("tokens", 38_000, 29_000, "2026-11-21T10:00:06Z")

const told = (headers: Record<string, string>) => upstream.rateLimits!(new Headers(headers), clock)

describe("the limits that headers tell", () => {
  test("are those of requests and the tightest of tokens", () => {
    expect(told({ ...REQUESTS, ...BOTH, ...INPUT, ...OUTPUT })).toEqual({
      requests: { limit: 50, remaining: 49, resetAt: NOW + 1000 },
      tokens: { limit: 8000, remaining: 2000, resetAt: NOW + 45_000 },
    })
    expect(told({ ...REQUESTS, ...INPUT })).toMatchObject({ tokens: { limit: 30_000 } })
    expect(told(INPUT)).toMatchObject({ requests: undefined, tokens: { remaining: 27_000 } })
  })

  test("are whole again at once when their time is over", () => {
    expect(told(bucket("requests", 50, 0, "2026-11-21T09:59:00Z"))?.requests?.resetAt).toBe(NOW)
  })

  test("are none where nothing is told", () => {
    expect(told({})).toBeUndefined()
    expect(told({ "anthropic-ratelimit-requests-remaining": "?" })).toBeUndefined()
  })
})
