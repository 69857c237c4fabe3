import { existsSync } from "node:fs"
import { join } from "node:path"
import { Database, type SQLQueryBindings } from "bun:sqlite"

/** What a query finds in the ledger of a router that has this folder; nothing where no row has been written. */
export function queryLedger<Row>(
  folder: string,
  sql: string,
  ...values: SQLQueryBindings[]
): Row[] {
  const path = join(folder, ".llmrouter/llmrouter.db")
  // The file is made with the first row, and then its tables.
  if (!existsSync(path)) return []
  using file = new Database(path, { readonly: true })
  file.run("PRAGMA busy_timeout = 5000")
  const isReady = file.query("SELECT 1 FROM sqlite_master WHERE name = 'usage'").get()
  return isReady ? (file.query(sql).all(...values) as Row[]) : []
}
