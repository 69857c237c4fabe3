import { KIND_FIELDS } from "../../core/row-kinds.ts"
import { LISTED, OWN_FIELDS, soundOwn, type Value } from "./columns.ts"
import { MARK } from "./row-line.ts"

const ARRAY = 0x5b

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
