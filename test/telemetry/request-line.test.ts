import { expect, test } from "bun:test"
import type { UsageRow } from "../../src/core/ledger.ts"
import { createLogger } from "../../src/telemetry/log.ts"
import { type Page, requestLine } from "../../src/telemetry/request-line.ts"
import { usageRow } from "../storage/sqlite/support.ts"
import { keepLines } from "./sink.ts"

const KEY = "sk-proj-0123456789abcdef"

/** The same row by its names, each value as JSON writes it. */
function named({ route: _, ...row }: UsageRow): string {
  const time = new Date(row.time).toISOString()
  const head = { time: "", level: "info", message: "request" }
  return `${JSON.stringify({ ...head, ...row, time })}\n`
}

/** The line that is written of a row, after others; undefined when none is. */
function lineOf(row: UsageRow): string | undefined {
  const page: Page = { bytes: new Uint8Array(4096), end: 7 }
  const written = requestLine(row, (bytes) => (bytes > 4000 ? undefined : page))
  if (!written) expect(page.end).toBe(7)
  return written ? new TextDecoder().decode(page.bytes.subarray(7, page.end)) : undefined
}

test("a request's line is what JSON makes of its row, in the same order", () => {
  const id = "req_0f3a"
  const rows = [
    usageRow(id),
    usageRow(id, { route: "[]", stream: false, key: "k", error: "internal", status: 500 }),
    usageRow(id, { ttft: null, cost: null, group: null, deployment: null, channel: null }),
    usageRow(id, { requested: 'a"\n\\\u2028 名前', client: "\u0000\ud800", usage: "estimated" }),
    usageRow(id, { duration: 1e21, ttft: 0.001, cost: -0, wasted: 7, continued: 2, attempts: 3 }),
    usageRow(id, {
      ttft: 0.1,
      duration: 2_147_483.647,
      wasted: 2_147_484,
      cost: 1_234_567_890_123,
    }),
    usageRow(id, { ttft: 5e-7, duration: 0.0004, input: 1.23456, output: -1, cacheRead: 0 }),
    usageRow(id, { cacheRead: 0, cacheWrite: 0, reasoning: 0, wasted: 10, cost: 0 }),
    usageRow(id, { cacheRead: 0, cacheWrite: 0, reasoning: 0, duration: 90.09, ttft: 900 }),
    usageRow(id, { time: 1_790_000_000_999 }),
    usageRow(id, { time: 1_790_000_001_000 }),
    usageRow(id, { time: 1_790_000_000_007 }),
  ]
  for (const row of [...rows, ...rows]) expect(lineOf(row)).toBe(named(row))
})

test("a row that cannot be written in pieces has a line all the same", () => {
  const rows = [
    usageRow("given by somebody"),
    usageRow("req_1", { mirrorOf: "req_0" }),
    usageRow("req_1", { duration: Number.NaN }),
    usageRow("req_1", { cost: Infinity }),
    usageRow("req_1/"),
    usageRow("req_g"),
    usageRow("req_1", { group: "g".repeat(4000) }),
  ]
  const { sink, lines } = keepLines()
  const log = createLogger(() => ({ level: "info", format: "json" }), sink)
  for (const row of rows) {
    expect(lineOf(row)).toBeUndefined()
    log.request(row, undefined)
    expect(lines.pop()).toBe(named(row))
  }
})

test("no text of a caller's that looks like a key is in a line", () => {
  for (const over of [{ requested: KEY }, { client: `agent/1 ${KEY}` }, { group: KEY }]) {
    const line = lineOf(usageRow("req_1", over))
    expect(line).toContain("[secret]")
    expect(line).not.toContain(KEY)
  }
})
