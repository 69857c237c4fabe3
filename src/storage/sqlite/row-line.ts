import type { UsageRow } from "../../core/ledger.ts"
import { KIND_FIELDS, rememberKinds } from "../../core/row-kinds.ts"

/** What a row's line begins with, and no JSON does. */
export const MARK = "="

/** Values of `KIND_FIELDS` as JSON. */
export const kindText = rememberKinds((row) =>
  JSON.stringify(KIND_FIELDS.map((field) => row[field])),
)

/**
 * A row that is not plain, or waits in memory, as a line by itself. It is in pieces between tabs: the values
 * that the row has for itself, those of its kind as a JSON array, and its route, whose own tab is where
 * it stops to be like others'.
 */
export function rowLine(row: UsageRow): string {
  const { id, time, ttft, duration, input, output, cacheRead, cacheWrite, reasoning } = row
  const { cost, wasted, mirrorOf, route } = row
  const sum = time + (ttft ?? 0) + duration + input + output + cacheRead + cacheWrite
  if (!Number.isFinite(sum + reasoning + (cost ?? 0) + wasted)) return document(row)
  let tail = "\n"
  if (route !== null) {
    // JSON text that is not indented has one tab at most.
    const tab = route.indexOf("\t")
    if (route.includes("\n") || (tab >= 0 && route.includes("\t", tab + 1))) return document(row)
    tail = `\t${route}\n`
  }
  // As an array: a third cheaper than as parts of one template.
  const own = JSON.stringify([
    id,
    time,
    ttft,
    duration,
    input,
    output,
    cacheRead,
    cacheWrite,
    reasoning,
    cost,
    wasted,
    mirrorOf,
  ])
  return `${MARK}${own}\t${kindText(row)}${tail}`
}

const document = (row: UsageRow) => `${JSON.stringify(row)}\n`
