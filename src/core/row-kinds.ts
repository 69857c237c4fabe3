import type { UsageRow } from "./ledger.ts"

/** What most rows share with others: who asked for what, where it went, and how it ended. */
export const KIND_FIELDS = [
  "key",
  "operation",
  "requested",
  "group",
  "deployment",
  "channel",
  "status",
  "error",
  "stream",
  "attempts",
  "usage",
  "client",
  "continued",
] as const satisfies readonly (keyof UsageRow)[]

/** Kinds that are remembered; then all are forgotten. Callers choose model names and user agents. */
const MOST = 512
/** Kinds of one channel that are compared. */
const MOST_ALIKE = 8

interface Known<T> {
  readonly row: UsageRow
  readonly made: T
}

/**
 * Remembers what is made of the fields that `KIND_FIELDS` names: it is the same for most rows, and to
 * compare them costs a tenth of writing them as text.
 *
 * @param make looks at no other field
 */
export function rememberKinds<T>(make: (row: UsageRow) => T): (row: UsageRow) => T {
  const byChannel = new Map<string | null, Known<T>[]>()
  let count = 0
  return (row) => {
    let alike = byChannel.get(row.channel)
    if (alike) for (const known of alike) if (isSameKind(known.row, row)) return known.made
    const made = make(row)
    if (count >= MOST) {
      byChannel.clear()
      count = 0
      alike = undefined
    }
    if (!alike) {
      alike = []
      byChannel.set(row.channel, alike)
    }
    if (alike.length < MOST_ALIKE) count++
    else alike.shift()
    alike.push({ row: { ...row, route: null }, made })
    return made
  }
}

function isSameKind(a: UsageRow, b: UsageRow): boolean {
  return (
    a.status === b.status &&
    a.error === b.error &&
    a.stream === b.stream &&
    a.attempts === b.attempts &&
    a.usage === b.usage &&
    a.continued === b.continued &&
    a.operation === b.operation &&
    a.channel === b.channel &&
    a.deployment === b.deployment &&
    a.group === b.group &&
    a.key === b.key &&
    a.requested === b.requested &&
    a.client === b.client
  )
}
