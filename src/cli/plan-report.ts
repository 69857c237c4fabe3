import pc from "picocolors"
import type { Plan, PlannedCandidate } from "../gateway/plan.ts"
import { type Column, renderTable } from "./table.ts"

const left = (title: string): Column => ({ title, align: "left" })
const right = (title: string): Column => ({ title, align: "right" })

/** A plan for a terminal. */
export function planReport({ group, pinned, request, groups }: Plan): string {
  const asked = [
    request.operation,
    ...request.needs,
    ...(request.inputTokens > 0 ? [`about ${request.inputTokens} tokens`] : []),
    ...(request.maxTokens === undefined ? [] : [`at most ${request.maxTokens} of output`]),
    ...request.tags.map((tag) => `tag ${tag}`),
    ...(request.region === undefined ? [] : [`in ${request.region}`]),
  ]
  const head = pinned ? `${group}, pinned to ${pinned}` : group
  const parts = groups.map(({ group: name, strategy, candidates, keyless }, index) => {
    const title = `${index === 0 ? "" : "then "}${pc.bold(name)} ${pc.dim(`(${strategy})`)}`
    const rows = candidates.map(row)
    const none = keyless.map((id) => pc.dim(`${id} has no provider key\n`)).join("")
    const table = rows.length > 0 ? renderTable(COLUMNS, rows) : pc.dim("no channel\n")
    return `${title}\n${table}${none}`
  })
  return `${head}: ${asked.join(", ")}\n\n${parts.join("\n")}`
}

const COLUMNS = [
  right("#"),
  left("channel"),
  left("state"),
  right("score"),
  { ...left("why"), width: 120 },
]

function row({ place, channel, state, until, reason, score, parts, skipped }: PlannedCandidate) {
  const detail = Object.entries(parts ?? {}).map(([name, value]) => `${name} ${number(value)}`)
  const why = [
    ...(reason === undefined ? [] : [reason]),
    ...(until === undefined ? [] : [`until ${until.slice(11, 19)} UTC`]),
    ...(skipped ? [`${skipped.why}${skipped.last ? " (last resort)" : ""}`] : []),
    ...detail,
  ]
  return [
    place === undefined ? "–" : String(place),
    channel,
    state,
    score === undefined ? "" : number(score),
    why.join(", "),
  ]
}

/** Short, and exact enough to compare by eye. */
function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}
