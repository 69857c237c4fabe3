import type { Round } from "./measure.ts"
import { type Summary, summarise } from "./statistics.ts"

/** What was measured of one target, over all rounds. */
export interface TargetResult {
  name: string
  rounds: readonly Round[]
  /** Milliseconds to the first 200, one per start. */
  startups: readonly number[]
  /** Highest resident memory of all rounds, in bytes. */
  peakMemory: number
}

interface Row {
  label: string
  digits: number
  value(result: TargetResult, direct: TargetResult): readonly number[]
}

const MEGABYTE = 1_000_000

const each = (pick: (round: Round) => number) => (result: TargetResult) => result.rounds.map(pick)

/** What a target adds to the direct way, round by round, in microseconds. */
const added = (pick: (round: Round) => number) => (result: TargetResult, direct: TargetResult) =>
  result === direct
    ? []
    : result.rounds.map((round, i) => {
        const base = direct.rounds[i]
        return base ? (pick(round) - pick(base)) * 1000 : Number.NaN
      })

const rows: readonly Row[] = [
  { label: "requests/s, 64 connections", digits: 0, value: each((r) => r.perSecond) },
  { label: "CPU µs per request", digits: 1, value: each((r) => r.cpuPerRequest) },
  { label: "p50 ms, 64 connections", digits: 2, value: each((r) => r.p50Loaded) },
  { label: "p99 ms, 64 connections", digits: 2, value: each((r) => r.p99Loaded) },
  { label: "added p50 µs, 1 connection", digits: 0, value: added((r) => r.p50Single) },
  { label: "added p99 µs, 1 connection", digits: 0, value: added((r) => r.p99Single) },
  { label: "stream chunks/s, 64 streams", digits: 0, value: each((r) => r.chunksPerSecond) },
  { label: "CPU µs per chunk, no gap", digits: 2, value: each((r) => r.cpuPerChunk) },
  { label: "CPU µs per chunk, 10 ms gap", digits: 2, value: each((r) => r.cpuPerPacedChunk) },
  { label: "memory after load, MB", digits: 1, value: each((r) => r.memory / MEGABYTE) },
  { label: "peak memory, MB", digits: 1, value: (r) => [r.peakMemory / MEGABYTE] },
  { label: "start to first 200, ms", digits: 1, value: (r) => r.startups },
]

/** Median and spread of every row, by target. */
export type Table = Record<string, Record<string, Summary>>

/** Sums up every row for every target. The first target is the direct way. */
export function tabulate(results: readonly TargetResult[]): Table {
  const direct = results[0]
  if (!direct) throw new Error("nothing was measured")
  return Object.fromEntries(
    rows.map(({ label, value }) => [
      label,
      Object.fromEntries(results.map((r) => [r.name, summarise(value(r, direct))])),
    ]),
  )
}

/** The table as text: `median (lowest - highest)`, and the router's ratio to nginx. */
export function formatTable(table: Table, names: readonly string[]): string {
  const [, peer = "", router = ""] = names
  const lines = [["", ...names, `${router} / ${peer}`]]
  for (const { label, digits } of rows) {
    const cells = table[label] ?? {}
    const ratio = (cells[router]?.median ?? Number.NaN) / (cells[peer]?.median ?? Number.NaN)
    lines.push([
      label,
      ...names.map((name) => formatSummary(cells[name], digits)),
      Number.isFinite(ratio) ? ratio.toFixed(2) : "",
    ])
  }
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, i) =>
          i === 0 ? cell.padEnd(widths?.[i] ?? 0) : cell.padStart(widths?.[i] ?? 0),
        )
        .join("  "),
    )
    .join("\n")
}

function formatSummary(summary: Summary | undefined, digits: number): string {
  if (!summary || Number.isNaN(summary.median)) return "-"
  const { median, low, high } = summary
  if (low === high) return median.toFixed(digits)
  return `${median.toFixed(digits)} (${low.toFixed(digits)} - ${high.toFixed(digits)})`
}
