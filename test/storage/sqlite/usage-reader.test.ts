import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { type Dimension, openUsageReader } from "../../../src/storage/sqlite/usage-reader.ts"
import { holdLock, open, ownId, temporaryDatabase, usageRow } from "./support.ts"

describe("the usage reader", () => {
  test("is not there when the file is not, and makes none", () => {
    using database = temporaryDatabase()
    expect(openUsageReader(database.path)).toBeUndefined()
    expect(openUsageReader(database.path)).toBeUndefined()
  })

  test("refuses what is no usage database", () => {
    using database = temporaryDatabase()
    using db = new Database(database.path)
    db.run("CREATE TABLE other (x)")
    expect(() => openUsageReader(database.path)).toThrow(/holds no usage/)
  })

  test("sums by one dimension, by two and by none", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    ledger.record(usageRow("1", { group: "a", key: "k", cost: 5, input: 1, attempts: 3 }))
    ledger.record(usageRow("2", { group: "a", key: null, cost: null, input: 2, error: "internal" }))
    ledger.record(usageRow("3", { group: "a", key: "k", cost: 7, input: 4, usage: "missing" }))
    ledger.record(usageRow("4", { group: null, key: "k", cost: 0, input: 8 }))
    await ledger.close()
    const reader = openUsageReader(database.path)!

    expect(reader.summarise(["group"], 0)).toMatchObject([
      {
        by: ["a"],
        requests: 3,
        errors: 1,
        attempts: 5,
        input: 7,
        cost: 12,
        unpriced: 1,
        unreported: 1,
      },
      { by: [null], requests: 1, errors: 0, attempts: 1, input: 8, cost: 0, unpriced: 0 },
    ])
    expect(
      reader.summarise(["group", "key"], 0).map(({ by, requests }) => [...by, requests]),
    ).toEqual([
      ["a", "k", 2],
      [null, "k", 1],
      ["a", null, 1],
    ])
    expect(reader.summarise([], 0)).toMatchObject([
      { by: [], requests: 4, output: 800, cached: 1600, reasoning: 200, cost: 12 },
    ])
    reader.close()
  })

  test("gives percentiles of each sum by nearest rank, without the rows that have none", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    for (let n = 1; n <= 100; n++) {
      ledger.record(usageRow(`a${n}`, { group: "a", ttft: n, duration: n * 10 }))
    }
    for (const ttft of [30, null, 10]) {
      ledger.record(usageRow(`b${ttft}`, { group: "b", ttft, duration: 1 }))
    }
    ledger.record(usageRow("c", { group: "c", ttft: null, duration: 2 }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    const [a, b, c] = reader.summarise(["group"], 0)
    expect([a?.ttft, a?.duration]).toEqual([
      { p50: 50, p95: 95 },
      { p50: 500, p95: 950 },
    ])
    expect(b?.ttft).toEqual({ p50: 10, p95: 30 })
    expect([c?.ttft, c?.duration]).toEqual([
      { p50: null, p95: null },
      { p50: 2, p95: 2 },
    ])
    reader.close()
  })

  test("tells what was spent at each provider since a moment", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    ledger.record(usageRow("1", { time: 1000, deployment: "a/x", cost: 5 }))
    ledger.record(usageRow("2", { time: 2000, deployment: "a/x/y", cost: 7 }))
    ledger.record(usageRow("3", { time: 2000, deployment: "b/x", cost: 11 }))
    ledger.record(usageRow("4", { time: 2000, deployment: "b/x", cost: null }))
    ledger.record(usageRow("5", { time: 2000, deployment: null, cost: null }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    const since = (time: number) => Object.fromEntries(reader.spentSince(time))
    expect(since(Number.NEGATIVE_INFINITY)).toEqual({ a: 12, b: 11 })
    expect(since(2000)).toEqual({ a: 7, b: 11 })
    expect(since(2001)).toEqual({})
    reader.close()
  })

  test("counts what attempts have wasted at the provider of each", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const wasted = (channel: string, wasted: number) => ({ channel, wasted })
    const attempts = [wasted("b/x#k", 3), wasted("a/x#k", 2), wasted("c/y#-", 0)]
    const lost = { cost: 12, wasted: 5, deployment: "a/x" }
    ledger.record(usageRow("1", { ...lost, route: JSON.stringify({ attempts }) }))
    // The route of another version: nobody knows where it was wasted.
    ledger.record(usageRow("2", { ...lost, route: "?" }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    expect(Object.fromEntries(reader.spentSince(0))).toEqual({ a: 7 + 2 + 12, b: 3 })
    reader.close()
  })

  test("counts what the upstreams of one answer used at the provider of each", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const part = (channel: string, wasted: number, cost?: number | null) => ({
      channel,
      wasted,
      cost,
    })
    const shared = { continued: 1, deployment: "b/y", channel: "b/y#k" }
    const attempts = [part("a/x#k", 0, 3), part("c/z#k", 2, null), part("b/y#k", 0, 6)]
    const route = JSON.stringify({ attempts })
    ledger.record(usageRow("1", { ...shared, cost: 11, wasted: 2, route }))
    // Of the one before it the ledger knows nothing else.
    const older = JSON.stringify({ attempts: [part("a/x#k", 0), part("b/y#k", 0)] })
    ledger.record(usageRow("2", { ...shared, cost: 7, route: older }))
    // The price of one of them is not known.
    const half = JSON.stringify({ attempts: [part("a/x#k", 0, 4), part("b/y#k", 0, null)] })
    ledger.record(usageRow("3", { ...shared, cost: null, route: half }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    expect(Object.fromEntries(reader.spentSince(0))).toEqual({ a: 3 + 4, b: 6 + 7, c: 2 })
    reader.close()
  })

  test("sums by deployment or channel what was spent there, also in vain", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const attempts = [
      { channel: "a/x#1", wasted: 3 },
      { channel: "a/x:9#b#2", wasted: 2 },
      { channel: "b/y#3", wasted: 0 },
    ]
    const route = JSON.stringify({ attempts })
    const won = { deployment: "b/y", channel: "b/y#3", input: 5 }
    ledger.record(usageRow("1", { ...won, cost: 15, wasted: 5, route }))
    ledger.record(usageRow("2", { ...won, cost: null }))
    ledger.record(usageRow("3", { deployment: "a/x", channel: "a/x#1", cost: 7, input: 6 }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    const sums = (...by: Dimension[]) =>
      reader
        .summarise(by, 0)
        .map(({ by, requests, input, cost, unpriced }) => [...by, requests, input, cost, unpriced])
    expect(sums("deployment")).toEqual([
      ["b/y", 2, 10, 10, 1],
      ["a/x", 1, 6, 10, 0],
      ["a/x:9#b", 0, 0, 2, 0],
    ])
    expect(sums("group", "channel")).toEqual([
      ["fast", "b/y#3", 2, 10, 10, 1],
      ["fast", "a/x#1", 1, 6, 10, 0],
      ["fast", "a/x:9#b#2", 0, 0, 2, 0],
    ])
    expect(sums()).toEqual([[3, 16, 22, 1]])
    expect(reader.summarise(["deployment"], 0)[2]?.ttft).toEqual({ p50: null, p95: null })
    reader.close()
  })

  test("counts from a moment on, and days by UTC", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const midnight = Date.UTC(2026, 10, 2)
    ledger.record(usageRow("late", { time: midnight - 1 }))
    ledger.record(usageRow("early", { time: midnight }))
    ledger.record(usageRow("noon", { time: midnight + 43_200_000 }))
    await ledger.close()
    const reader = openUsageReader(database.path)!
    expect(reader.summarise(["day"], 0).map(({ by, requests }) => [by[0], requests])).toEqual([
      ["2026-11-02", 2],
      ["2026-11-01", 1],
    ])
    expect(reader.summarise([], midnight)[0]?.requests).toBe(2)
    expect(reader.summarise([], midnight + 43_200_001)).toEqual([])
    expect(reader.rows(0, 2).map(({ id }) => id)).toEqual(["noon", "early"])
    expect(reader.rows(midnight, 9)[0]).toEqual(usageRow("noon", { time: midnight + 43_200_000 }))
    reader.close()
  })

  test("finds the last requests by their times, though they did not end in that order", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const begin = 1_790_000_000_000
    const rows = Array.from({ length: 10_000 }, (_, n) => {
      // Every hundredth took very long.
      const time = begin + n - (n % 100 === 0 ? 9000 : 0)
      return usageRow(ownId(`row-${n}`, time), { time, mirrorOf: n % 1000 === 7 ? "x" : null })
    })
    for (const row of rows) ledger.record(row)
    await ledger.close()
    const byTime = rows.toSorted((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1))
    const reader = openUsageReader(database.path)!
    expect(reader.rows(0, 300)).toEqual(byTime.slice(0, 300))
    expect(reader.rows(0, 20_000)).toEqual(byTime)
    for (const since of [begin - 9000, begin - 1, begin + 5000, begin + 9000, begin + 9999]) {
      const found = byTime.filter(({ time }) => time >= since)
      expect(reader.rows(since, 20_000)).toEqual(found)
      expect(reader.summarise([], since)[0]?.requests).toBe(found.length)
    }
    expect(reader.rows(begin + 10_000, 9)).toEqual([])
    reader.close()
  })

  test("finds a request by its id, and its mirrors", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const begin = 1_790_000_000_000
    const rows = Array.from({ length: 9000 }, (_, n) =>
      usageRow(ownId(`row-${n}`, begin + n * 1000), { time: begin + n * 1000 + (n % 3) }),
    )
    for (const row of rows) ledger.record(row)
    const mirror = usageRow(ownId("mirror", begin), { mirrorOf: rows[4096]!.id, time: begin })
    // Somebody put the clock back between its id and its time.
    const early = usageRow(ownId("early", begin + 1_800_000), { time: begin })
    for (const row of [mirror, early]) ledger.record(row)
    await ledger.close()
    const reader = openUsageReader(database.path)!
    for (const n of [0, 4094, 4095, 8999]) expect(reader.request(rows[n]!.id)).toEqual([rows[n]!])
    expect(reader.request(rows[4096]!.id)).toEqual([rows[4096]!, mirror])
    expect(reader.request(mirror.id)).toEqual([mirror])
    expect(reader.request(early.id)).toEqual([early])
    expect(reader.request(ownId("nobody", begin))).toEqual([])
    reader.close()
  })

  test("reads while the router writes, and while the database is locked", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    ledger.record(usageRow("one"))
    await ledger.flush()
    const reader = openUsageReader(database.path)!
    using lock = holdLock(database.path)
    ledger.record(usageRow("two"))
    expect(reader.summarise([], 0)[0]?.requests).toBe(1)
    lock.release()
    await ledger.flush()
    expect(reader.summarise([], 0)[0]?.requests).toBe(2)
    reader.close()
    await ledger.close()
  })
})
