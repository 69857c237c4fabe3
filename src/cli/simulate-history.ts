import { costOf, loadPrices } from "../governance/prices.ts"
import { declaredPrice } from "../governance/cost.ts"
import { nearest } from "../core/nearest.ts"
import type { UsageRow } from "../core/ledger.ts"
import type { Settings } from "../core/settings.ts"
import { providers } from "../providers/index.ts"
import { type History, HistoryError, setUpHistory } from "../simulator/history.ts"
import { messageOf } from "../storage/sqlite/failure.ts"
import { openUsageReader } from "../storage/sqlite/usage-reader.ts"
import { EXIT, fail } from "./exit.ts"

/** Rows that are read at most, the newest: more do not fit into memory. */
const ROWS = 1_000_000

export interface HistoryWishes {
  /** Milliseconds since 1970; 0 is all. */
  since: number
  /** Undefined: the one with the most requests. */
  group: string | undefined
  /** Undefined: the newest million. */
  requests: number | undefined
  seed: number
  /** The config file that `--config` names. */
  config: string | undefined
  /** The database that `--db` names. */
  db: string | undefined
}

/** What the usage ledger knows of a group, ready to be replayed. Ends the process when it cannot be. */
export async function loadHistory(
  wishes: HistoryWishes,
): Promise<{ name: string; history: History }> {
  const settings = await settingsOf(wishes.config)
  const rows = rowsOf(settings, wishes)
  const group = groupOf(settings, rows, wishes.group)
  const cost = await costsOf(settings)
  try {
    const history = setUpHistory({ rows, settings, group, cost, seed: wishes.seed })
    return { name: group, history }
  } catch (thrown) {
    if (thrown instanceof HistoryError) fail(EXIT.failed, thrown.message)
    throw thrown
  }
}

async function settingsOf(path: string | undefined): Promise<Settings> {
  const { loadConfig } = await import("../config/load.ts")
  const loaded = await loadConfig({ path })
  if (loaded.ok) return loaded.settings
  const { renderDiagnostics } = await import("../config/render.ts")
  process.stderr.write(renderDiagnostics(loaded.diagnostics))
  process.exit(EXIT.config)
}

function rowsOf({ storage }: Settings, { db, since, requests }: HistoryWishes): UsageRow[] {
  const path = db ?? (storage ? storage.path : undefined)
  if (path === undefined) {
    fail(EXIT.failed, "the config keeps no usage (storage: false). Name a database with --db.")
  }
  try {
    const reader = openUsageReader(path)
    if (!reader) {
      fail(
        EXIT.failed,
        `there is no history yet: ${path} does not exist. Name a database with --db.`,
      )
    }
    try {
      return reader.rows(since, requests ?? ROWS)
    } finally {
      reader.close()
    }
  } catch (thrown) {
    fail(EXIT.failed, `cannot read usage from ${path}: ${messageOf(thrown)}`)
  }
}

function groupOf(
  { groups }: Settings,
  rows: readonly UsageRow[],
  wanted: string | undefined,
): string {
  const names = groups.map(({ name }) => name)
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted
    const [near] = nearest(wanted, names)
    const hint = near ? `Did you mean \`${near}\`?` : `There is ${names.join(", ") || "none"}.`
    fail(EXIT.usage, `the config has no group \`${wanted}\`. ${hint}`)
  }
  const counts = new Map(names.map((name) => [name, 0]))
  for (const { group } of rows) {
    const count = group === null ? undefined : counts.get(group)
    if (count !== undefined) counts.set(group!, count + 1)
  }
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1])
  if (most) return most[0]
  fail(EXIT.failed, "the config has no groups to replay the past against.")
}

async function costsOf(settings: Settings): Promise<Parameters<typeof setUpHistory>[0]["cost"]> {
  const prices = loadPrices()
  const definitions = new Map(
    settings.providers.map(({ name, type }) => [name, providers.get(type)]),
  )
  return (deployment, declared) => {
    const slash = deployment.indexOf("/")
    const definition = definitions.get(deployment.slice(0, slash))
    if (definition?.free && !declared) return () => 0
    const price = declared
      ? declaredPrice(declared)
      : prices.priceOf(definition?.vendor, deployment.slice(slash + 1))
    // Prices of one moment: a replay must not depend on the hour at which it runs.
    const now = Date.now()
    return (usage) => (price ? costOf(usage, price, now) : null)
  }
}
