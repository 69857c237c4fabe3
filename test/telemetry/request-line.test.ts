import { expect, test } from "bun:test"
import type { UsageRow } from "../../src/core/ledger.ts"
import { createLogger } from "../../src/telemetry/log.ts"
import { requestLine } from "../../src/telemetry/request-line.ts"
import { usageRow } from "../storage/sqlite/support.ts"

const KEY = "sk-proj-0123456789abcdef"

/** The same row by its names, each value as JSON writes it. */
function named({ route: _, ...row }: UsageRow): string {
  const time = new Date(row.time).toISOString()
  const head = { time: "", level: "info", message: "request" }
  return `${JSON.stringify({ ...head, ...row, time })}\n`
}

test("a request's line is what JSON makes of its row, in the same order", () => {
  const id = "req_0f3a"
  const rows = [
    usageRow(id),
    usageRow(id, { route: "[]", stream: false, key: "k", error: "internal", status: 500 }),
    usageRow(id, { ttft: null, cost: null, group: null, deployment: null, channel: null }),
    usageRow(id, { requested: 'a"\n\\\u2028 名前', client: "\u0000\ud800", usage: "estimated" }),
    usageRow(id, { duration: 1e21, ttft: 0.001, cost: -0, wasted: 7, continued: 2, attempts: 3 }),
    usageRow(id, { time: 1_790_000_000_999 }),
    usageRow(id, { time: 1_790_000_001_000 }),
    usageRow(id, { time: 1_790_000_000_007 }),
  ]
  for (const row of [...rows, ...rows]) expect(requestLine(row)).toBe(named(row))
})

test("a row that cannot be written in pieces has a line all the same", () => {
  const rows = [
    usageRow("given by somebody"),
    usageRow("req_1", { mirrorOf: "req_0" }),
    usageRow("req_1", { duration: Number.NaN }),
    usageRow("req_1", { cost: Infinity }),
  ]
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const sink = { write, collect: write, isTTY: false, colour: false }
  const log = createLogger(() => ({ level: "info", format: "json" }), sink)
  for (const row of rows) {
    expect(requestLine(row)).toBeUndefined()
    log.request(row, undefined)
    expect(lines.pop()).toBe(named(row))
  }
})

test("no text of a caller's that looks like a key is in a line", () => {
  for (const over of [{ requested: KEY }, { client: `agent/1 ${KEY}` }, { group: KEY }]) {
    const line = requestLine(usageRow("req_1", over))
    expect(line).toContain("[secret]")
    expect(line).not.toContain(KEY)
  }
})
