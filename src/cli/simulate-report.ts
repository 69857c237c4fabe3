import type { Comparison } from "../simulator/compare.ts"
import type { Outcome } from "../simulator/recorder.ts"
import { formatCount, formatDuration, formatMoney } from "./amounts.ts"
import { type Column, renderTable } from "./table.ts"

/** What was compared, with a name for it. */
export interface Report {
  name: string
  description: string
  comparison: Comparison
  /** What has to be known to read it. */
  notes?: readonly string[]
}

const TITLES = [
  "success",
  "avoidable",
  "ttft p50",
  "p95",
  "p99",
  "cost/1000",
  "attempts",
  "peak",
  "cached",
  "p95 vs oracle",
  "cost",
  "sum",
] as const

/** One comparison as a table for a terminal, the oracles last. */
export function comparisonTable({ comparison }: Report): string {
  const columns: Column[] = [
    { title: "strategy", align: "left" },
    ...TITLES.map((title): Column => ({ title, align: "right" })),
  ]
  const { oracle, foresight, standings } = comparison
  const rows = standings.map((standing) => [
    standing.strategy,
    ...figures(standing),
    ratio(standing.regret.ttft),
    ratio(standing.regret.cost),
    ratio(standing.regret.total),
  ])
  const foreseen = [
    ratio(foresight.ttft.p95 / oracle.ttft.p95),
    ratio(foresight.cost / oracle.cost),
    ratio(foresight.total / oracle.total),
  ]
  return renderTable(
    columns,
    [...rows, ["oracle without luck", ...figures(foresight), ...foreseen]],
    ["oracle", ...figures(oracle), "1.00", "1.00", "1.00"],
  )
}

function figures(outcome: Outcome): string[] {
  const { ttft } = outcome
  return [
    percent(outcome),
    formatCount(outcome.avoidable),
    ...[ttft.p50, ttft.p95, ttft.p99].map((ms) => formatDuration(Number.isNaN(ms) ? null : ms)),
    Number.isNaN(outcome.cost) ? "–" : formatMoney(outcome.cost),
    outcome.attempts.toFixed(2),
    outcome.amplification.toFixed(1),
    `${Math.round(outcome.cacheHits * 100)}%`,
  ]
}

/** Rounded down: only what has no failure at all is 100 %. */
function percent({ requests, failed }: Outcome): string {
  const share = Math.floor(((requests - failed) / requests) * 10_000) / 100
  return `${share === 100 ? "100" : share.toFixed(2)}%`
}

const ratio = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : "–")

/** All comparisons as one Markdown table: p95 of the TTFT and cost against the oracle, and failures. */
export function markdown(reports: readonly Report[]): string {
  const strategies = reports[0]?.comparison.standings.map(({ strategy }) => strategy) ?? []
  const head = ["strategy", ...reports.map(({ name }) => name)]
  const lines = [row(head), row(head.map(() => "---"))]
  for (const [index, strategy] of strategies.entries()) {
    lines.push(row([`\`${strategy}\``, ...reports.map((each) => cell(each, index))]))
  }
  lines.push(row(["oracle", ...reports.map(({ comparison: { oracle } }) => absolute(oracle))]))
  return `${lines.join("\n")}\n`
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`

function cell({ comparison }: Report, index: number): string {
  const { regret, failed, requests } = comparison.standings[index]!
  const failures = failed > 0 ? `, ${((failed / requests) * 100).toFixed(1)}%` : ""
  return `${ratio(regret.ttft)} / ${ratio(regret.cost)}${failures}`
}

function absolute({ ttft, cost, failed, requests }: Outcome): string {
  const failures = failed > 0 ? `, ${((failed / requests) * 100).toFixed(1)}%` : ""
  return `${formatDuration(ttft.p95)} / ${formatMoney(cost)}${failures}`
}

/** Comparisons as JSON. Times are in milliseconds, money in nano-USD for a thousand answers. */
export function comparisonJson(reports: readonly Report[]): string {
  const value = reports.map(({ name, description, notes, comparison }) => ({
    name,
    description,
    ...(notes && { notes }),
    ...comparison,
  }))
  return `${JSON.stringify(value, (_, each) => (Number.isNaN(each) ? null : each), 2)}\n`
}
