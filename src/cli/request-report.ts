import { unpackRoute } from "../core/route-text.ts"
import pc from "picocolors"
import type { UsageRow } from "../core/ledger.ts"
import type { AttemptRecord, CandidateRecord } from "../core/route-record.ts"
import { formatCount, formatDuration, formatMoney } from "./amounts.ts"
import { type Column, renderTable } from "./table.ts"

const left = (title: string): Column => ({ title, align: "left" })
const right = (title: string): Column => ({ title, align: "right" })
const wide = (title: string): Column => ({ ...left(title), width: 100 })

/** One request for a terminal: what became of it, what it could have used, and each attempt. */
export function requestReport(rows: readonly UsageRow[]): string {
  return rows.map(report).join("\n")
}

function report(row: UsageRow): string {
  const { id, group, requested, status, error, duration, wasted, continued, mirrorOf } = row
  const facts = [
    `${requested || "–"}${group && group !== requested ? ` → ${group}` : ""}`,
    error === null ? String(status) : `${status} ${error}`,
    formatDuration(duration),
    ...usage(row),
    ...(wasted > 0 ? [`${formatMoney(wasted)} of it wasted (guessed)`] : []),
    ...(continued > 0 ? [`continued ${continued}×`] : []),
    ...(mirrorOf === null ? [] : [`mirror of ${mirrorOf}`]),
  ]
  const head = `${pc.bold(id)}  ${new Date(row.time).toISOString()}\n${facts.join(", ")}\n`
  if (row.route === null) return `${head}${pc.dim("It never got as far as routing.")}\n`
  const { strategy, candidates, more, attempts } = unpackRoute(row.route)
  const others = more > 0 ? pc.dim(`and ${formatCount(more)} more\n`) : ""
  return [
    head,
    renderTable(ATTEMPTS, attempts.map(attemptRow)),
    `${pc.dim(`Candidates, as ${strategy || "the group"} saw them`)}\n${renderTable(CANDIDATES, candidates.map(candidateRow))}${others}`,
  ].join("\n")
}

/** Tokens and cost. A request that reached no upstream has used nothing that could have a price. */
function usage({ route, input, output, cost }: UsageRow): string[] {
  const asked = route !== null && unpackRoute(route).attempts.length > 0
  if (!asked && input === 0 && output === 0 && !cost) return ["–"]
  return [
    `${formatCount(input)} + ${formatCount(output)} tokens`,
    cost === null ? "unpriced" : formatMoney(cost),
  ]
}

const ATTEMPTS = [
  right("began"),
  left("channel"),
  left("why"),
  left("outcome"),
  right("ttft"),
  right("lasted"),
  wide("message"),
]

function attemptRow(attempt: AttemptRecord): string[] {
  const { began, channel, why, outcome, status, ttft, duration, message } = attempt
  return [
    formatDuration(began),
    channel,
    why,
    status === null ? outcome : `${status} ${outcome}`,
    formatDuration(ttft),
    formatDuration(duration),
    message ?? "",
  ]
}

const CANDIDATES = [left("group"), left("channel"), left("state"), right("score"), wide("skipped")]

function candidateRow({ group, channel, state, score, skipped }: CandidateRecord): string[] {
  return [group, channel, state, score === null ? "" : String(score), skipped ?? ""]
}
