import { describe, expect, test } from "bun:test"
import type { UsageRow } from "../../src/core/ledger.ts"
import { type History, HistoryError, setUpHistory } from "../../src/simulator/history.ts"
import { createPast } from "../../src/simulator/history-past.ts"
import { settingsOf } from "../../src/simulator/settings.ts"
import { simulate } from "../../src/simulator/simulate.ts"
import { plainScenario } from "./virtual.ts"

const START = 1_790_000_000_000
const settings = settingsOf(plainScenario({ "north/large": {}, "east/large": {} }), "priority")

function row(index: number, options: Partial<UsageRow> = {}): UsageRow {
  return {
    id: `request-${index}`,
    time: START + index * 1000,
    key: null,
    operation: "chat",
    requested: "main",
    group: "main",
    deployment: "north/large",
    channel: "north/large#00000000",
    status: 200,
    error: null,
    stream: true,
    attempts: 1,
    ttft: 100,
    duration: 1100,
    input: 1000,
    output: 100,
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 0,
    usage: "reported",
    cost: 2_000_000,
    client: "",
    wasted: 0,
    continued: 0,
    mirrorOf: null,
    route: null,
    ...options,
  }
}

const rowsOf = (count: number, make: (index: number) => Partial<UsageRow> = () => ({})) =>
  Array.from({ length: count }, (_, index) => row(index, make(index)))

const replay = (rows: readonly UsageRow[]): History =>
  setUpHistory({ rows, settings, group: "main", cost: () => () => 2_000_000 })

describe("a replayed past", () => {
  test("gives what there was, where nothing changes", () => {
    const rows = rowsOf(400, (index) => ({
      deployment: index % 2 === 0 ? "north/large" : "east/large",
    }))
    expect(simulate(replay(rows), "priority")).toMatchObject({
      requests: 400,
      failed: 0,
      ttft: { p50: 100, p95: 100 },
      duration: { p50: 1100 },
      cost: 2_000_000_000,
    })
  })

  test("knows each upstream's own times, and when they changed", () => {
    // The first is faster for the first half of the time, then three times slower.
    const rows = rowsOf(800, (index) => {
      if (index % 2 === 1) return { deployment: "east/large", ttft: 200, duration: 1200 }
      const ttft = index < 400 ? 100 : 300
      return { ttft, duration: 1000 + ttft }
    })
    const { ttft } = simulate(replay(rows), "priority")
    expect(ttft).toMatchObject({ p95: 300 })
    expect(simulate(replay(rows), "lowest-latency").ttft.p95).toBe(200)
  })

  test("has the outages that its errors tell of", () => {
    const rows = rowsOf(600, (index) => {
      if (index % 2 === 1) return { deployment: "east/large", ttft: 200, duration: 1200 }
      if (index < 200 || index >= 300) return {}
      return { error: "upstream-error", status: 502, ttft: null, usage: "missing", output: 0 }
    })
    const { failed, attempts, ttft } = simulate(replay(rows), "priority")
    expect(failed).toBe(0)
    expect(attempts).toBeGreaterThan(1)
    expect(ttft.p50).toBe(100)
    expect(ttft.p95).toBeGreaterThanOrEqual(200)
  })

  test("takes failed attempts from the requests' own records", () => {
    const attempt = { began: 0, duration: 50, ttft: null, status: 503, message: null, wasted: 0 }
    const failed = { ...attempt, channel: "north/large#0", why: "first", outcome: "upstream-error" }
    const ok = {
      ...attempt,
      channel: "east/large#0",
      why: "next",
      outcome: "ok",
      began: 50,
      ttft: 200,
    }
    const route = JSON.stringify({
      strategy: "priority",
      candidates: [],
      more: 0,
      attempts: [failed, ok],
    })
    const rows = rowsOf(600, (index) =>
      index < 200 || index >= 300
        ? { deployment: index % 2 === 0 ? "north/large" : "east/large" }
        : { deployment: "east/large", attempts: 2, ttft: 250, duration: 1250, route },
    )
    const outage = replay(rows).behaviour("north/large").course
    expect(outage.trouble(250_000, 0)).toEqual({ error: "server-error", share: 1 })
    expect(outage.trouble(190_000, 0)).toBeUndefined()
    expect(outage.trouble(310_000, 0)).toBeUndefined()
  })

  test("says what is not known", () => {
    const rows = rowsOf(300, (index) =>
      index === 0 ? { error: "upstream-rate-limited", status: 429 } : {},
    )
    const history = replay(rows)
    simulate(history, "priority")
    expect(history.notes).toEqual([
      "north/large: 429 came 1 times; its limits are not known and not simulated",
      "east/large has 0 answers in the ledger: it is taken to be like all the others together",
    ])
  })

  test("that is too short is refused", () => {
    expect(() => replay(rowsOf(199))).toThrow(HistoryError)
    expect(() => replay(rowsOf(199))).toThrow("199 chat requests of the group `main`")
    // What is no caller's own chat does not count.
    const others = rowsOf(300, (index) =>
      index % 2 === 0 ? { operation: "embeddings" } : { mirrorOf: "another" },
    )
    expect(() => replay(others)).toThrow("has 0 chat requests")
  })
})

test("a rank keeps its place: the slowest of then is the slowest again", () => {
  const past = createPast(
    Array.from({ length: 41 }, (_, n) => ({ id: `${n}`, at: n, ttft: (n + 1) * 10, perToken: 1 })),
  )
  const ranks = new Map(past.ranks())
  expect(past.at(20, ranks.get("40")!, 100)).toEqual({ ttft: 410, duration: 510 })
  expect(past.at(20, ranks.get("0")!, 0)).toEqual({ ttft: 10, duration: 10 })
})
