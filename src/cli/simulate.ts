import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { defineCommand } from "citty"
import pc from "picocolors"
import { nearest } from "../core/nearest.ts"
import { findStrategy, strategies } from "../routing/strategies/index.ts"
import { compare } from "../simulator/compare.ts"
import { readScenario } from "../simulator/read-scenario.ts"
import type { Scenario } from "../simulator/scenario.ts"
import { scenarios } from "../simulator/scenarios/index.ts"
import { type Setup, setUp } from "../simulator/setup.ts"
import { parseSince } from "./amounts.ts"
import { EXIT, fail } from "./exit.ts"
import { comparisonJson, comparisonTable, markdown, type Report } from "./simulate-report.ts"

/** Fewer requests have no 99th percentile; more do not fit into memory. */
const REQUESTS = { least: 100, most: 5_000_000 }
/** Milliseconds between two lines of progress. */
const PROGRESS = 500

/** `llmrouter simulate`: strategies compared on a virtual clock, with the router's own code. */
export const simulateCommand = defineCommand({
  meta: {
    name: "simulate",
    description:
      "Compares routing strategies on a virtual clock. Nothing is sent. Examples:\n" +
      "  llmrouter simulate --list\n" +
      "  llmrouter simulate brown-out --strategy adaptive,priority\n" +
      "  llmrouter simulate my-scenario.yaml --requests 1000000 --json\n" +
      "  llmrouter simulate --history --since 7d --group fast\n" +
      "  llmrouter simulate --all --markdown",
  },
  args: {
    scenario: {
      type: "positional",
      required: false,
      description: "A scenario's name, or a JSON, JSONC or YAML file",
    },
    list: { type: "boolean", description: "List the scenarios that ship" },
    all: { type: "boolean", description: "Run every scenario that ships" },
    strategy: { type: "string", description: "Only these strategies, with commas (default: all)" },
    requests: { type: "string", description: "How many requests (default: what the scenario has)" },
    seed: { type: "string", description: "Another seed draws other requests", default: "1" },
    history: {
      type: "boolean",
      description: "Replay the usage ledger against the config's own group",
    },
    group: { type: "string", description: "With --history: the group (default: the busiest)" },
    since: { type: "string", description: "With --history: only since 24h, 7d, or 2026-11-01" },
    db: { type: "string", description: "With --history: usage database (default: the config's)" },
    config: { type: "string", alias: "c", description: "With --history: config file" },
    json: { type: "boolean", description: "Print JSON" },
    markdown: { type: "boolean", description: "Print one table of all results for docs" },
  },
  async run({ args }) {
    if (args.list) return void process.stdout.write(list())
    const seed = wholeOf("--seed", args.seed, 0, 2 ** 31 - 1)
    const requests =
      args.requests === undefined
        ? undefined
        : wholeOf("--requests", args.requests, REQUESTS.least, REQUESTS.most)
    const names = strategiesOf(args.strategy)
    const reports = args.history
      ? [await replay(args, names, { requests, seed })]
      : chosen(args).map((scenario) => {
          const setup = guarded(() => setUp(scenario, { requests, seed }))
          return report(scenario, setup, names)
        })
    if (args.json) process.stdout.write(comparisonJson(reports))
    else if (args.markdown) process.stdout.write(markdown(reports))
    else for (const each of reports) process.stdout.write(text(each))
  },
})

function chosen(args: {
  scenario?: string | undefined
  all?: boolean | undefined
}): readonly Scenario[] {
  if (args.all) return scenarios
  const { scenario: name } = args
  if (name === undefined) {
    fail(
      EXIT.usage,
      "name a scenario or a file, or --all. `llmrouter simulate --list` shows what ships.",
    )
  }
  const known = scenarios.find((scenario) => scenario.name === name)
  if (known) return [known]
  if (existsSync(name)) {
    return [guarded(() => readScenario(readFileSync(name, "utf8"), name))]
  }
  const [near] = nearest(
    name,
    scenarios.map((scenario) => scenario.name),
  )
  const hint = near ? `Did you mean \`${near}\`?` : "See `llmrouter simulate --list`."
  fail(EXIT.usage, `there is no scenario and no file \`${name}\`. ${hint}`)
}

/** Runs what fails only by what the user wrote. */
function guarded<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (thrown) {
    fail(EXIT.usage, (thrown as Error).message)
  }
}

interface HistoryArgs {
  scenario?: string | undefined
  group?: string | undefined
  since?: string | undefined
  db?: string | undefined
  config?: string | undefined
}

async function replay(
  args: HistoryArgs,
  names: readonly string[],
  { requests, seed }: { requests: number | undefined; seed: number },
): Promise<Report> {
  if (args.scenario !== undefined) {
    fail(
      EXIT.usage,
      `--history replays the ledger, and no scenario: leave out \`${args.scenario}\`.`,
    )
  }
  const since = args.since === undefined ? 0 : parseSince(args.since, Date.now())
  if (since === undefined) {
    fail(EXIT.usage, `--since \`${args.since}\` is no time. Write 24h, 7d, or a date: 2026-11-01.`)
  }
  const { loadHistory } = await import("./simulate-history.ts")
  const { group, db, config } = args
  const path = db === undefined ? undefined : resolve(db)
  const { name, history } = await loadHistory({ since, group, requests, seed, config, db: path })
  const description = "the ledger's own past"
  return { ...report({ name, description }, history, names), notes: history.notes }
}

function report(
  { name, description }: Pick<Scenario, "name" | "description">,
  setup: Setup,
  names: readonly string[],
): Report {
  const tell = progressOn(name, setup.requests.length)
  const comparison = compare({ setup, strategies: names, progress: tell.progress })
  tell.done()
  return { name, description, comparison }
}

/** A line on a terminal that says how far it is, when it takes long. */
function progressOn(name: string, requests: number) {
  const shown = process.stderr.isTTY === true
  let last = performance.now()
  return {
    progress(what: string, arrived: number): void {
      if (!shown || performance.now() - last < PROGRESS) return
      last = performance.now()
      const share = Math.floor((arrived / requests) * 100)
      process.stderr.write(`\r\u001b[K${name}: ${what} ${share}%`)
    },
    done(): void {
      if (shown) process.stderr.write("\r\u001b[K")
    },
  }
}

function text(each: Report): string {
  const { requests } = each.comparison.oracle
  const head = `${pc.bold(each.name)}: ${each.description} ${pc.dim(`(${requests.toLocaleString("en-US")} requests)`)}`
  const notes = (each.notes ?? []).map((note) => `${pc.dim(note)}\n`).join("")
  return `${head}\n${comparisonTable(each)}${notes}\n`
}

function list(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return scenarios
    .map(({ name, description }) => `${pc.bold(name.padEnd(width))}  ${description}\n`)
    .join("")
}

function strategiesOf(text: string | undefined): string[] {
  const all = Object.keys(strategies)
  if (text === undefined) return all
  const wanted = new Set(text.split(",").map((name) => name.trim()))
  return [...wanted].map((name) => findStrategy(name)?.name ?? unknownStrategy(name, all))
}

function unknownStrategy(name: string, all: readonly string[]): never {
  const [near] = nearest(name, all)
  const hint = near ? `Did you mean \`${near}\`?` : `There is ${all.join(", ")}.`
  fail(EXIT.usage, `there is no strategy \`${name}\`. ${hint}`)
}

function wholeOf(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  fail(EXIT.usage, `${flag} \`${text}\` is no whole number from ${least} to ${most}.`)
}
