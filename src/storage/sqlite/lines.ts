import type { UsageRow } from "../../core/ledger.ts"
import { KIND_FIELDS, rememberKinds } from "../../core/row-kinds.ts"
import { LISTED, OWN_FIELDS, soundOwn, type Value } from "./columns.ts"

const ARRAY = 0x5b
/** What such a line begins with, and no JSON does. */
const MARK = "="

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

/** A usage row on its way from the journal to the table. */
export interface ParsedRow {
  /** Of `OWN_FIELDS`, as the table takes them. */
  readonly own: Value[]
  /** Those of `KIND_FIELDS`, as JSON. */
  readonly kind: string
  /** The beginning of its route, which it may share with others; null where it has none of its own. */
  readonly plan: string | null
  /** The rest of its route, or all of it. */
  readonly route: string | null
}

/** What lines of the journal say. */
export interface Parsed {
  readonly rows: readonly ParsedRow[]
  /** Other documents, in their order: answers, and rows that are not written as lines. */
  readonly documents: readonly unknown[]
  /** Lines that are neither. */
  readonly damaged: number
}

/** Reads lines, one at a time where some of them are damaged. */
export function parseLines(text: string): Parsed {
  const heads: string[] = []
  const pieces: Omit<ParsedRow, "own">[] = []
  const documents: unknown[] = []
  let damaged = 0
  for (const line of text.split("\n")) {
    if (line === "") continue
    if (line.startsWith(MARK)) {
      const kind = line.indexOf("\t") + 1
      const route = line.indexOf("\t", kind) + 1
      const rest = route > 0 ? line.indexOf("\t", route) + 1 : 0
      heads.push(kind > 0 ? line.slice(MARK.length, kind - 1) : "[]")
      pieces.push({
        kind: route > 0 ? line.slice(kind, route - 1) : line.slice(kind),
        plan: rest > 0 ? line.slice(route, rest) : null,
        route: rest > 0 ? line.slice(rest) : route > 0 ? line.slice(route) : null,
      })
      continue
    }
    const found = line.charCodeAt(0) === ARRAY ? listed(line) : parse(line)
    if (found === undefined) damaged++
    else documents.push(found)
  }
  const rows: ParsedRow[] = []
  // One call for all of them costs a third less than one for each.
  const all = parse(`[${heads.join(",")}]`)
  const values: readonly unknown[] =
    Array.isArray(all) && all.length === heads.length ? all : heads.map(parse)
  for (let n = 0; n < heads.length; n++) {
    const value = values[n]
    const { kind, plan, route } = pieces[n]!
    const whole = Array.isArray(value) && value.length === OWN_FIELDS.length && isId(value[0])
    if (whole) rows.push({ own: soundOwn(value), kind, plan, route })
    else damaged++
  }
  return { rows, documents, damaged }
}

/** A row that was read by its names, or undefined when it is no row at all. */
export function rowOf(document: unknown): ParsedRow | undefined {
  if (typeof document !== "object" || document === null) return undefined
  const record = document as Readonly<Record<string, unknown>>
  if (!isId(record["id"])) return undefined
  const { route } = record
  return {
    own: soundOwn(OWN_FIELDS.map((field) => record[field])),
    kind: JSON.stringify(KIND_FIELDS.map((field) => record[field] ?? null)),
    plan: null,
    route: typeof route === "string" ? route : null,
  }
}

const isId = (value: unknown) => typeof value === "string" && value !== ""

/** A line of an earlier version: its values as an array, of which there may be fewer, then a tab and its route. */
function listed(line: string): unknown {
  const tab = line.indexOf("\t")
  const values = parse(tab < 0 ? line : line.slice(0, tab))
  if (!Array.isArray(values)) return undefined
  const named = Object.fromEntries(values.map((value, n) => [LISTED[n], value]))
  return { ...named, route: tab < 0 ? null : line.slice(tab + 1) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
