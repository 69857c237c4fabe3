import type { UsageRow } from "../../core/ledger.ts"
import { KIND_FIELDS } from "../../core/row-kinds.ts"

type Type = "text" | "integer" | "real" | "boolean"
interface Column {
  readonly type: Type
  readonly nullable: boolean
}

const must = (type: Type): Column => ({ type, nullable: false })
const may = (type: Type): Column => ({ type, nullable: true })

/**
 * How each field of a usage row is kept. Column names are these in snake_case. Lines of earlier
 * versions' journals hold the values in this order, but for `route`, which is always the last.
 */
const FIELDS: Readonly<Record<keyof UsageRow, Column>> = {
  id: must("text"),
  time: must("integer"),
  key: may("text"),
  operation: must("text"),
  requested: must("text"),
  group: may("text"),
  deployment: may("text"),
  channel: may("text"),
  status: must("integer"),
  error: may("text"),
  stream: must("boolean"),
  attempts: must("integer"),
  ttft: may("real"),
  duration: must("real"),
  input: must("integer"),
  output: must("integer"),
  cacheRead: must("integer"),
  cacheWrite: must("integer"),
  reasoning: must("integer"),
  usage: must("text"),
  cost: may("integer"),
  client: must("text"),
  wasted: must("integer"),
  continued: must("integer"),
  mirrorOf: may("text"),
  route: may("text"),
}

const fields = Object.entries(FIELDS) as readonly [keyof UsageRow, Column][]

const columnOf = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const listOf = (names: readonly string[]) => names.map((name) => `"${columnOf(name)}"`).join(", ")

const placesFor = (names: readonly string[]) => names.map(() => "?").join(", ")

/** Names of the columns of `usage`, which has all of them whatever the tables behind it are. */
export const COLUMNS: readonly string[] = fields.map(([field]) => columnOf(field))

/** Fields in the order of earlier versions' lines. */
export const LISTED: readonly (keyof UsageRow)[] = fields.map(([field]) => field)

/** What each row has for itself, in the order of a line of the journal. */
export const OWN_FIELDS = [
  "id",
  "time",
  "ttft",
  "duration",
  "input",
  "output",
  "cacheRead",
  "cacheWrite",
  "reasoning",
  "cost",
  "wasted",
  "mirrorOf",
] as const satisfies readonly (keyof UsageRow)[]

const OWN_COLUMNS = [...OWN_FIELDS, "kind", "plan", "route"]

/** Adds one row: its own fields, its kind, its plan and the rest of its route. One that is already there stays as it is. */
export const INSERT_ROW = `INSERT INTO usage_rows (${listOf(OWN_COLUMNS)})
  VALUES (${placesFor(OWN_COLUMNS)}) ON CONFLICT ("time", "id") DO NOTHING`

/** Adds a row whose id is 16 bytes and that is no mirror's. */
export const INSERT_PLAIN = `INSERT INTO usage_plain ("at", "id", "time", "ttft", "duration", "input", "output",
    "cache_read", "cache_write", "reasoning", "cost", "wasted", "kind", "plan", "route")
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Adds what many rows have in common. */
export const INSERT_KIND = `INSERT INTO usage_kinds (${listOf(KIND_FIELDS)})
  VALUES (${placesFor(KIND_FIELDS)})`

/** What SQLite keeps of a field. */
export type Value = string | number | null

function toValue(value: unknown, { type, nullable }: Column): Value {
  if (type === "text") return typeof value === "string" ? value : nullable ? null : ""
  if (type === "boolean") return value === true || value === 1 ? 1 : 0
  if (typeof value !== "number" || !Number.isFinite(value)) return nullable ? null : 0
  if (type === "real") return value
  const whole = Math.round(value)
  return Number.isSafeInteger(whole) ? whole : Math.sign(whole) * Number.MAX_SAFE_INTEGER
}

/** Whether a value is already what the table takes. Nearly all are. */
function fits(value: unknown, { type, nullable }: Column): boolean {
  if (value === null) return nullable
  if (typeof value === "string") return type === "text"
  if (type === "integer") return Number.isSafeInteger(value)
  return type === "real" && Number.isFinite(value)
}

/** Puts values in place that the table takes, so that one bad row cannot hold up the others. */
function soundIn(names: readonly (keyof UsageRow)[]): (values: unknown[]) => Value[] {
  const columns = names.map((name) => FIELDS[name])
  return (values) => {
    for (let n = 0; n < columns.length; n++) {
      if (!fits(values[n], columns[n]!)) values[n] = toValue(values[n], columns[n]!)
    }
    return values as Value[]
  }
}

/** Values of `OWN_FIELDS` as the table takes them, in place. */
export const soundOwn = soundIn(OWN_FIELDS)

/** The same of `KIND_FIELDS`. */
export const soundKind = soundIn(KIND_FIELDS)

/** The usage row that a row of `usage` holds. */
export function fromColumns(record: Readonly<Record<string, unknown>>): UsageRow {
  const row = Object.fromEntries(
    fields.map(([field, { type }]) => {
      const value = record[columnOf(field)]
      return [field, type === "boolean" ? value === 1 : value]
    }),
  )
  return row as UsageRow
}
