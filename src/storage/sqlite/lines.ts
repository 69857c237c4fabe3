import type { UsageRow } from "../../core/ledger.ts"
import { COLUMNS, sound, type Value } from "./columns.ts"

const ARRAY = 0x5b
const ROUTE = COLUMNS.length - 1

/**
 * A row as a line of the journal: its values as a JSON array, in the order of the columns, then a tab
 * and its route, which is JSON already and so is not quoted once more.
 */
export function rowLine(row: UsageRow): string {
  const { route } = row
  // JSON text written without indentation has neither; in a line they would end the route.
  if (route !== null && (route.includes("\n") || route.includes("\t"))) {
    return `${JSON.stringify(row)}\n`
  }
  const values = JSON.stringify([
    row.id,
    row.time,
    row.key,
    row.operation,
    row.requested,
    row.group,
    row.deployment,
    row.channel,
    row.status,
    row.error,
    row.stream,
    row.attempts,
    row.ttft,
    row.duration,
    row.input,
    row.output,
    row.cacheRead,
    row.cacheWrite,
    row.reasoning,
    row.usage,
    row.cost,
    row.client,
    row.wasted,
    row.continued,
    row.mirrorOf,
  ])
  return route === null ? `${values}\n` : `${values}\t${route}\n`
}

/** What lines of the journal say. */
export interface Parsed {
  /** Usage rows, ready for the table. */
  readonly rows: readonly Value[][]
  /** Other documents, in their order: answers, and rows of earlier versions. */
  readonly documents: readonly unknown[]
  /** Lines that are neither. */
  readonly damaged: number
}

/** Reads lines, one at a time where some of them are damaged. */
export function parseLines(text: string): Parsed {
  const heads: string[] = []
  const routes: (string | null)[] = []
  const documents: unknown[] = []
  let damaged = 0
  for (const line of text.split("\n")) {
    if (line === "") continue
    if (line.charCodeAt(0) !== ARRAY) {
      const document = parse(line)
      if (document === undefined) damaged++
      else documents.push(document)
      continue
    }
    const tab = line.indexOf("\t")
    heads.push(tab < 0 ? line : line.slice(0, tab))
    routes.push(tab < 0 ? null : line.slice(tab + 1))
  }
  const rows: Value[][] = []
  // One call for all of them costs a third less than one for each.
  const all = parse(`[${heads.join(",")}]`)
  const values: readonly unknown[] =
    Array.isArray(all) && all.length === heads.length ? all : heads.map(parse)
  for (let n = 0; n < heads.length; n++) {
    const value = values[n]
    if (Array.isArray(value)) value[ROUTE] = routes[n]
    const row = Array.isArray(value) ? sound(value) : undefined
    if (row) rows.push(row)
    else damaged++
  }
  return { rows, documents, damaged }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
