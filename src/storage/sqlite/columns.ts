import type { UsageRow } from "../../core/ledger.ts"

type Kind = "text" | "integer" | "real" | "boolean"
interface Column {
  readonly kind: Kind
  readonly nullable: boolean
}

const must = (kind: Kind): Column => ({ kind, nullable: false })
const may = (kind: Kind): Column => ({ kind, nullable: true })

/**
 * How each field of a usage row is kept. Column names are these in snake_case. Lines of the journal
 * hold the values in this order: a new field comes right before `route`, which is always the last.
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

const columns = fields.map(([, column]) => column)

const columnOf = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Names of the `usage` table's columns, in the order of `toValues`. */
export const COLUMNS: readonly string[] = fields.map(([field]) => columnOf(field))

/** Adds one row; a row whose id is already there is left as it is. */
export const INSERT_SQL = `INSERT INTO usage (${COLUMNS.map((name) => `"${name}"`).join(", ")})
  VALUES (${COLUMNS.map(() => "?").join(", ")}) ON CONFLICT ("id") DO NOTHING`

/** What SQLite keeps of a field. */
export type Value = string | number | null

function toValue(value: unknown, { kind, nullable }: Column): Value {
  if (kind === "text") return typeof value === "string" ? value : nullable ? null : ""
  if (kind === "boolean") return value === true ? 1 : 0
  if (typeof value !== "number" || !Number.isFinite(value)) return nullable ? null : 0
  if (kind === "real") return value
  const whole = Math.round(value)
  return Number.isSafeInteger(whole) ? whole : Math.sign(whole) * Number.MAX_SAFE_INTEGER
}

/**
 * A row's values in the order of `COLUMNS`, or undefined when it is no row at all. What is missing
 * or out of range gets a value that the table takes, so that one bad row cannot hold up the others.
 */
export function toValues(row: unknown): Value[] | undefined {
  if (typeof row !== "object" || row === null) return undefined
  const record = row as Readonly<Record<string, unknown>>
  return sound(fields.map(([field]) => record[field]))
}

/** The same of values in that order, in place; those of an earlier version may be fewer. */
export function sound(values: unknown[]): Value[] | undefined {
  const [id] = values
  if (typeof id !== "string" || id === "") return undefined
  for (let n = 0; n < columns.length; n++) {
    if (!fits(values[n], columns[n]!)) values[n] = toValue(values[n], columns[n]!)
  }
  return values as Value[]
}

/** Whether a value is already what the table takes. Nearly all are. */
function fits(value: unknown, { kind, nullable }: Column): boolean {
  if (value === null) return nullable
  if (typeof value === "string") return kind === "text"
  if (kind === "integer") return Number.isSafeInteger(value)
  return kind === "real" && Number.isFinite(value)
}

/** The usage row that a table row holds. */
export function fromColumns(record: Readonly<Record<string, unknown>>): UsageRow {
  const row = Object.fromEntries(
    fields.map(([field, { kind }]) => {
      const value = record[columnOf(field)]
      return [field, kind === "boolean" ? value === 1 : value]
    }),
  )
  return row as UsageRow
}
