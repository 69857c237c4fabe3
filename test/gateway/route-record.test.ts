import { expect, test } from "bun:test"
import type { AttemptRecord } from "../../src/core/route-record.ts"
import { joinRoute, unpackRoute } from "../../src/core/route-text.ts"
import { routeText } from "../../src/gateway/route-record.ts"
import type { Candidate } from "../../src/routing/candidates.ts"
import type { Opened } from "../../src/routing/prospects.ts"

const group = { name: "fast", strategy: { name: "priority" } }
const channels = ["a/x#1", "b/y#2"].map((id) => ({ id }))

const candidate = (place: number, over: object = {}) => ({
  channel: channels[place],
  standing: { state: "ready" },
  objection: undefined,
  rank: 0,
  score: 1,
  place,
  ...over,
})

/** What the text says of a group that found its candidates like this. */
function decided(...all: object[]) {
  const opened = { group, all: all as Candidate[] } as unknown as Opened
  return unpackRoute(joinRoute(routeText([opened], [])!))
}

const found = (...all: (readonly [string, string, number | null, string | null])[]) => ({
  strategy: "priority",
  more: 0,
  attempts: [],
  candidates: all.map(([channel, state, score, skipped]) => ({
    ...{ group: "fast", channel, state, score, skipped },
  })),
})

const [A, B] = [
  ["a/x#1", "ready", 1, null],
  ["b/y#2", "ready", 1, null],
] as const

test("a plan is that of its own request, whatever is remembered of those before it", () => {
  const usual = () => decided(candidate(0), candidate(1))
  const later = {
    standing: { state: "open" },
    rank: Number.POSITIVE_INFINITY,
    score: Number.NaN,
  }
  for (let round = 0; round < 2; round++) {
    expect(usual()).toEqual(found(A, B))
    expect(decided(candidate(0), candidate(1, { place: -1 }))).toEqual(found(B, A))
    expect(decided(candidate(0, { rank: 9 }), candidate(1))).toEqual(found(B, A))
    expect(decided(candidate(0, later), candidate(1))).toEqual(
      found(B, ["a/x#1", "open", null, null]),
    )
    expect(decided(candidate(0, { objection: { why: "too small" } }), candidate(1))).toEqual(
      found(["a/x#1", "ready", 1, "too small"], B),
    )
    for (let score = 0; score < 20; score++) {
      const scored = candidate(0, { score })
      expect(decided(scored)).toEqual(found(["a/x#1", "ready", score, null]))
    }
  }
})

test("requests that went the same way share what their routes begin with, and have their own rest", () => {
  const opened = { group, all: [candidate(0), candidate(1)] as Candidate[] } as unknown as Opened
  const attempt = (over: Partial<AttemptRecord> = {}): AttemptRecord => ({
    ...{ channel: "a/x#1", why: "first", began: 0.5, duration: 3, ttft: 1.25, outcome: "ok" },
    ...{ status: null, message: null, wasted: 0, cost: null },
    ...over,
  })
  const failed = attempt({ outcome: "internal", status: 500, message: 'a\t"b"' })
  const same = [
    [attempt()],
    [attempt({ began: 1, duration: null, ttft: null })],
    [attempt({ duration: Number.POSITIVE_INFINITY })],
    [failed, attempt({ channel: "b/y#2", why: "next" })],
  ]
  const others = [[attempt({ channel: "b/y#2" })], [attempt({ why: "panic" })], []]
  for (let round = 0; round < 2; round++) {
    const texts = [...same, ...others].map((attempts) => routeText([opened], attempts)!)
    const begins = texts.map(({ begin }) => begin)
    expect(new Set(begins.slice(0, same.length)).size).toBe(1)
    expect(new Set(begins).size).toBe(1 + others.length)
    const told = texts.map((text) => unpackRoute(joinRoute(text)).attempts)
    const infinite = [attempt({ duration: null })]
    expect(told).toEqual([same[0]!, same[1]!, infinite, same[3]!, ...others])
  }
})

test("nothing decided and nothing tried is no route", () => {
  expect(routeText([], [])).toBeUndefined()
})
