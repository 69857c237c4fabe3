import { unpackRoute } from "../core/route-text.ts"
import pc from "picocolors"
import type { UsageRow } from "../core/ledger.ts"
import type { Dimension, Percentiles, UsageSummary } from "../storage/sqlite/usage-reader.ts"
import { formatCount, formatDuration, formatMoney } from "./amounts.ts"
import { type Column, renderTable } from "./table.ts"

/** Usage of a time, summed up. */
export interface Summary {
  by: readonly Dimension[]
  /** Milliseconds since 1970; 0 is the beginning. */
  since: number
  groups: readonly UsageSummary[]
  /** Undefined when there was nothing. */
  total: UsageSummary | undefined
}

const left = (title: string): Column => ({ title, align: "left" })
const right = (title: string): Column => ({ title, align: "right" })

const AMOUNTS = [
  "requests",
  "errors",
  "attempts",
  "input",
  "output",
  "cached",
  "reasoning",
] as const

/** Sums as a table for a terminal. */
export function summaryTable({ by, groups, total }: Summary): string {
  const columns = [
    ...by.map((dimension) => left(dimension === "day" ? "day (UTC)" : dimension)),
    ...AMOUNTS.map(right),
    right("ttft p50/p95"),
    right("duration p50/p95"),
    right("cost"),
  ]
  const cells = (summary: UsageSummary) => [
    ...AMOUNTS.map((name) => formatCount(summary[name])),
    percentiles(summary.ttft),
    percentiles(summary.duration),
    cost(summary, (total?.unpriced ?? 0) > 0),
  ]
  const rows = groups.map((group) => [...group.by.map((value) => value || "–"), ...cells(group)])
  const last = total && ["total", ...by.slice(1).map(() => ""), ...cells(total)]
  return renderTable(columns, rows, last) + notes(total)
}

function percentiles({ p50, p95 }: Percentiles): string {
  return p50 === null ? "–" : `${formatDuration(p50)} / ${formatDuration(p95)}`
}

function cost({ cost, unpriced, requests }: UsageSummary, marked: boolean): string {
  const mark = marked ? (unpriced > 0 ? " *" : "  ") : ""
  return (cost === 0 && unpriced === requests ? "unpriced" : formatMoney(cost)) + mark
}

function notes(total: UsageSummary | undefined): string {
  if (!total) return ""
  const lines: string[] = []
  const of = (count: number) => `${formatCount(count)} of ${formatCount(total.requests)} requests`
  if (total.unpriced > 0) {
    lines.push(`* without ${of(total.unpriced)}, whose price is not known: unpriced, not free`)
  }
  if (total.unreported > 0) {
    lines.push(`the upstream reported no tokens for ${of(total.unreported)}`)
  }
  return lines.map((line) => `${pc.dim(line)}\n`).join("")
}

/** Requests as a table for a terminal. */
export function rowsTable(rows: readonly UsageRow[]): string {
  const columns = [
    left("time (UTC)"),
    left("id"),
    left("key"),
    left("requested"),
    left("channel"),
    left("status"),
    right("attempts"),
    right("input"),
    right("output"),
    right("cached"),
    right("reasoning"),
    right("ttft"),
    right("duration"),
    right("cost"),
    left("client"),
  ]
  const cells = rows.map((row) => [
    new Date(row.time).toISOString().slice(0, 19).replace("T", " "),
    row.id,
    row.key ?? "–",
    row.requested || "–",
    row.channel ?? row.deployment ?? "–",
    row.error === null ? String(row.status) : `${row.status} ${row.error}`,
    formatCount(row.attempts),
    ...[row.input, row.output, row.cacheRead, row.reasoning].map((count) =>
      row.usage === "missing" ? "–" : formatCount(count),
    ),
    formatDuration(row.ttft),
    formatDuration(row.duration),
    row.cost === null ? "unpriced" : formatMoney(row.cost),
    row.client || "–",
  ])
  return renderTable(columns, cells)
}

const usd = (nano: number) => nano / 1_000_000_000

/** Sums as JSON. Money is given twice: exact in nano-USD, and in USD. */
export function summaryJson({ by, since, groups, total }: Summary): string {
  const sums = ({ by: _, cost, ...rest }: UsageSummary) => ({
    ...rest,
    costNanoUsd: cost,
    costUsd: usd(cost),
  })
  const value = {
    since: since > 0 ? new Date(since).toISOString() : null,
    by,
    groups: groups.map((group) => ({
      ...Object.fromEntries(by.map((dimension, n) => [dimension, group.by[n] ?? null])),
      ...sums(group),
    })),
    total: total ? sums(total) : null,
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Requests as JSON, with the fields of the ledger and the cost in USD too. */
export function rowsJson(rows: readonly UsageRow[]): string {
  const value = rows.map(({ cost, route, ...row }) => ({
    ...row,
    route: route === null ? null : unpackRoute(route),
    costNanoUsd: cost,
    costUsd: cost === null ? null : usd(cost),
  }))
  return `${JSON.stringify({ rows: value }, null, 2)}\n`
}
