import { resolve } from "node:path"
import { defineCommand } from "citty"
import pc from "picocolors"
import { messageOf } from "../storage/sqlite/failure.ts"
import {
  DIMENSIONS,
  type Dimension,
  openUsageReader,
  type UsageReader,
} from "../storage/sqlite/usage-reader.ts"
import { parseSince } from "./amounts.ts"
import { EXIT, fail } from "./exit.ts"
import { requestReport } from "./request-report.ts"
import { rowsJson, rowsTable, summaryJson, summaryTable } from "./usage-report.ts"

const MAX_ROWS = 10_000

/** `llmrouter usage`: what was used and what it cost, from the usage database. */
export const usageCommand = defineCommand({
  meta: {
    name: "usage",
    description:
      "Prints requests, tokens, latencies and cost. Examples:\n" +
      "  llmrouter usage --since 24h\n" +
      "  llmrouter usage --by key,day --since 2026-11-01\n" +
      "  llmrouter usage --rows --limit 50 --json\n" +
      "  llmrouter usage --request req_0f3a…",
  },
  args: {
    by: {
      type: "string",
      description: `Sum up by ${DIMENSIONS.join(", ")}, or several with commas; cost counts where it was spent (also in vain), all else where the answer came from`,
      default: "group,deployment",
    },
    since: { type: "string", description: "Only since 30m, 24h, 7d, or a date such as 2026-11-01" },
    rows: { type: "boolean", description: "Print the last requests, one a line" },
    limit: { type: "string", description: "How many requests --rows prints", default: "20" },
    request: { type: "string", description: "Print one request: its candidates and its attempts" },
    json: { type: "boolean", description: "Print JSON" },
    db: { type: "string", description: "Usage database (default: that of the config)" },
    config: { type: "string", alias: "c", description: "Config file" },
  },
  async run({ args }) {
    const by = dimensionsOf(args.by)
    const since = sinceOf(args.since)
    const limit = limitOf(args.limit)
    const path = args.db ? resolve(args.db) : await storagePath(args.config)
    const reader = open(path)
    try {
      if (args.request) {
        process.stdout.write(requestOutput(reader, path, args.request, args.json ?? false))
        return
      }
      const output = report(reader, path, { by, since, limit, rows: args.rows, json: args.json })
      process.stdout.write(output)
    } catch (thrown) {
      fail(EXIT.failed, `cannot read usage from ${path}: ${messageOf(thrown)}`)
    } finally {
      reader?.close()
    }
  },
})

interface Wanted {
  by: readonly Dimension[]
  /** Milliseconds since 1970; 0 is all. */
  since: number
  limit: number
  rows: boolean | undefined
  json: boolean | undefined
}

function report(reader: UsageReader | undefined, path: string, wanted: Wanted): string {
  const { by, since, limit, json } = wanted
  if (wanted.rows) {
    const rows = reader?.rows(since, limit) ?? []
    if (json) return rowsJson(rows)
    return rows.length > 0 ? rowsTable(rows) : nothing(reader, path, since)
  }
  const groups = reader?.summarise(by, since) ?? []
  const [total] = reader?.summarise([], since) ?? []
  if (json) return summaryJson({ by, since, groups, total })
  return total ? summaryTable({ by, since, groups, total }) : nothing(reader, path, since)
}

function requestOutput(
  reader: UsageReader | undefined,
  path: string,
  id: string,
  json: boolean,
): string {
  const rows = reader?.request(id) ?? []
  if (rows.length > 0) return json ? rowsJson(rows) : requestReport(rows)
  fail(
    EXIT.failed,
    `there is no request \`${id}\` in ${path}. Its id is in the answer's header x-request-id.`,
  )
}

function nothing(reader: UsageReader | undefined, path: string, since: number): string {
  if (!reader) {
    return `No usage yet: ${path} does not exist.\nStart the router with \`llmrouter\` and send it a request, or name another database with --db.\n`
  }
  const when = since > 0 ? ` since ${new Date(since).toISOString()}` : ""
  return `No usage${when} in ${path}.\n${pc.dim("Every finished request is a row here.")}\n`
}

function open(path: string): UsageReader | undefined {
  try {
    return openUsageReader(path)
  } catch (thrown) {
    fail(
      EXIT.failed,
      `cannot read usage from ${path}: ${messageOf(thrown)}. Name the router's database with --db.`,
    )
  }
}

async function storagePath(config: string | undefined): Promise<string> {
  const { loadConfig } = await import("../config/load.ts")
  const loaded = await loadConfig({ path: config })
  if (!loaded.ok) {
    const { renderDiagnostics } = await import("../config/render.ts")
    process.stderr.write(renderDiagnostics(loaded.diagnostics))
    process.exit(EXIT.config)
  }
  const { storage } = loaded.settings
  if (storage) return storage.path
  fail(EXIT.failed, "the config keeps no usage (storage: false). Name a database with --db.")
}

function dimensionsOf(text: string): Dimension[] {
  const words = text.split(",").map((word) => word.trim())
  return [...new Set(words)].map((word) => {
    const dimension = DIMENSIONS.find((known) => known === word)
    return (
      dimension ??
      fail(EXIT.usage, `--by knows no \`${word}\`. It takes ${DIMENSIONS.join(", ")}, with commas.`)
    )
  })
}

function sinceOf(text: string | undefined): number {
  if (text === undefined) return 0
  const since = parseSince(text, Date.now())
  if (since !== undefined) return since
  fail(EXIT.usage, `--since \`${text}\` is no time. Write 30m, 24h, 7d, or a date: 2026-11-01.`)
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_ROWS) return limit
  fail(EXIT.usage, `--limit \`${text}\` is no whole number from 1 to ${MAX_ROWS}.`)
}
