import { expect, test } from "bun:test"
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

test("nothing decided and nothing tried is no route", () => {
  expect(routeText([], [])).toBeUndefined()
})
