import { describe, expect, test } from "bun:test"
import { createCourse } from "../../src/simulator/course.ts"
import { courseOf, virtualRequest, virtualUpstream } from "./virtual.ts"

const MINUTE = 60_000

describe("times", () => {
  test("are the median's, times how hard the request is, and the tokens'", () => {
    const upstream = virtualUpstream({ prefill: 0.05 })
    const answer = upstream.look(virtualRequest({ difficulty: 2 }), 0)
    expect(answer).toEqual({ ok: true, ttft: 250, duration: 1250, cacheRead: 0 })
  })

  test("have the same luck whenever they are asked for, and other luck with another seed", () => {
    const request = virtualRequest({ index: 5 })
    const ttft = (seed: number, now: number) => {
      const answer = virtualUpstream({ noise: 0.3 }, seed).look(request, now)
      return answer.ok && answer.ttft
    }
    expect(ttft(1, 0)).toBe(ttft(1, 777))
    expect(ttft(1, 0)).not.toBe(ttft(2, 0))
    expect(ttft(1, 0)).not.toBe(100)
  })

  test("without luck are the same for all", () => {
    const upstream = virtualUpstream({ noise: 0.3 })
    expect(upstream.look(virtualRequest({ index: 5 }), 0, true)).toMatchObject({ ttft: 100 })
  })

  test("change evenly over a slow phase", () => {
    const course = createCourse({
      length: 10 * MINUTE,
      outages: [],
      slow: [{ from: "1m", to: "3m", factor: 5, ends: 1 }],
      capacity: Number.POSITIVE_INFINITY,
    })
    const at = (minutes: number) => {
      const answer = virtualUpstream({ course }).look(virtualRequest(), minutes * MINUTE)
      return answer.ok ? answer.ttft : Number.NaN
    }
    expect([0.5, 1, 2, 3, 11].map(at)).toEqual([100, 500, 300, 100, 500])
  })
})

describe("limits", () => {
  test("of requests give a minute's worth at once, and then one at a time", () => {
    const upstream = virtualUpstream({ rpm: 3 })
    const request = virtualRequest({ output: 1 })
    const served = (now: number) => {
      const answer = upstream.look(request, now)
      if (answer.ok) upstream.enter(request, now, answer)
      return answer.ok
    }
    expect([0, 0, 0, 0].map(served)).toEqual([true, true, true, false])
    expect([19_999, 20_000, 20_000, 40_001].map(served)).toEqual([false, true, false, true])
  })

  test("say when to come back, or do not", () => {
    const refusal = (retryAfter: boolean) => {
      const upstream = virtualUpstream({ rpm: 1, retryAfter })
      const request = virtualRequest()
      upstream.enter(request, 0, upstream.look(request, 0))
      return upstream.look(request, 10_500)
    }
    const limited = { ok: false, kind: "upstream-rate-limited", after: 40 } as const
    expect(refusal(true)).toEqual({ ...limited, retryAfterMs: 50_000 })
    expect(refusal(false)).toEqual(limited)
  })

  test("of tokens count input and output", () => {
    const upstream = virtualUpstream({ tpm: 2500 })
    const request = virtualRequest()
    upstream.enter(request, 0, upstream.look(request, 0))
    upstream.enter(request, 0, upstream.look(request, 0))
    expect(upstream.look(request, 0).ok).toBe(false)
    // 800 tokens are missing: that takes 800/2500 of a minute.
    expect(upstream.ready(request, 0)).toBeCloseTo(19_200, 6)
    expect(upstream.look(request, 19_201).ok).toBe(true)
  })

  test("are told by headers where the upstream has such", () => {
    const upstream = virtualUpstream({ rpm: 10, headers: true })
    const request = virtualRequest()
    for (let n = 0; n < 4; n++) upstream.enter(request, 0, upstream.look(request, 0))
    expect(upstream.told(0)).toEqual({
      requests: { limit: 10, remaining: 6, resetAt: 24_000 },
      tokens: undefined,
    })
    expect(virtualUpstream({ rpm: 10 }).told(0)).toBeUndefined()
  })
})

describe("outages", () => {
  test("hold from their beginning to their end, in every round of the scenario", () => {
    const course = courseOf([{ from: "1m", to: "2m", error: "server-error" }], 5 * MINUTE)
    const upstream = virtualUpstream({ course })
    const fails = [0.9, 1, 1.99, 2, 5.5, 6, 6.9, 7].map(
      (minutes) => !upstream.look(virtualRequest(), minutes * MINUTE).ok,
    )
    expect(fails).toEqual([false, true, true, false, false, true, true, false])
    expect(upstream.ready(virtualRequest(), 6.5 * MINUTE)).toBe(7 * MINUTE)
  })

  test("come and go where they flap", () => {
    const course = courseOf([
      { from: "10s", to: "60s", error: "refused", every: "20s", lasts: "5s" },
    ])
    const fails = [9, 10, 14, 15, 30, 35, 50, 54, 55].map(
      (second) => course.trouble(second * 1000, 0) !== undefined,
    )
    expect(fails).toEqual([false, true, true, false, true, false, true, true, false])
  })

  test("of one key spare the others", () => {
    const course = courseOf([{ from: 0, to: "1m", error: "unauthorized", key: 2 }])
    expect([0, 1, 2, 3].map((key) => course.trouble(0, key)?.error)).toEqual([
      undefined,
      undefined,
      "unauthorized",
      undefined,
    ])
  })

  test("hit their share of the requests", () => {
    const course = courseOf([{ from: 0, to: "10m", error: "server-error", share: 0.25 }])
    const upstream = virtualUpstream({ course })
    let failed = 0
    for (let index = 0; index < 10_000; index++) {
      if (!upstream.look(virtualRequest({ index }), index).ok) failed++
    }
    expect(failed / 10_000).toBeCloseTo(0.25, 1)
  })
})

describe("prompt caches", () => {
  const cache = { ttl: 5 * MINUTE, minimum: 1024 }

  test("hold what a conversation had before, and make it faster", () => {
    const upstream = virtualUpstream({ cache, prefill: 0.1 })
    const first = virtualRequest({ session: "s", input: 2000 })
    const answer = upstream.look(first, 0)
    expect(answer).toMatchObject({ cacheRead: 0, ttft: 300 })
    upstream.enter(first, 0, answer)
    const next = virtualRequest({ session: "s", input: 2500 })
    expect(upstream.look(next, MINUTE)).toMatchObject({ cacheRead: 2000, ttft: 150 })
    expect(upstream.look({ ...next, session: "other" }, MINUTE)).toMatchObject({ cacheRead: 0 })
  })

  test("forget after a while without use, and keep nothing that is short", () => {
    const upstream = virtualUpstream({ cache })
    const long = virtualRequest({ session: "long", input: 2000 })
    const short = virtualRequest({ session: "short", input: 1000 })
    for (const each of [long, short]) upstream.enter(each, 0, upstream.look(each, 0))
    expect(upstream.look(long, 5 * MINUTE)).toMatchObject({ cacheRead: 2000 })
    expect(upstream.look(long, 5 * MINUTE + 1)).toMatchObject({ cacheRead: 0 })
    expect(upstream.look(short, 0)).toMatchObject({ cacheRead: 0 })
  })
})

test("an overloaded upstream slows down in proportion, or refuses", () => {
  const capacity = { length: MINUTE, outages: [], slow: [], capacity: 2 }
  const course = createCourse(capacity)
  const slow = virtualUpstream({ course })
  const strict = virtualUpstream({ course, overload: "refuse" })
  for (const upstream of [slow, strict]) {
    for (let n = 0; n < 3; n++)
      upstream.enter(virtualRequest(), 0, upstream.look(virtualRequest(), 0))
  }
  expect(slow.look(virtualRequest(), 0)).toMatchObject({ ttft: 200 })
  expect(strict.look(virtualRequest(), 0)).toMatchObject({ ok: false, reason: "overloaded" })
  strict.leave()
  strict.leave()
  expect(strict.look(virtualRequest(), 0)).toMatchObject({ ok: true, ttft: 100 })
})

test("what is longer than the window is refused, for ever", () => {
  const upstream = virtualUpstream({ window: 1000 })
  expect(upstream.look(virtualRequest(), 0)).toMatchObject({ reason: "context-length" })
  expect(upstream.ready(virtualRequest(), 0)).toBe(Number.POSITIVE_INFINITY)
})
