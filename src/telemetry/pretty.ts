import { createColours } from "../core/colours.ts"
import type { GatewayError } from "../core/error.ts"
import type { UsageRow } from "../core/ledger.ts"
import type { LogFields } from "../core/log.ts"

const MARKS = { debug: "·", info: "•", warn: "!", error: "✗" } as const

/** C0 and C1 controls, and Unicode's line breaks and changes of direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g

/** A log line for a person at a terminal. */
export function prettyLine(
  level: keyof typeof MARKS,
  message: string,
  fields: LogFields,
  colour: boolean,
): string {
  const c = createColours(colour)
  const paint = { debug: c.dim, info: c.cyan, warn: c.yellow, error: c.red }[level]
  const facts = Object.entries(fields)
    .map(([name, value]) => `${name}=${fact(name, value)}`)
    .join(" ")
  return `${c.dim(clockTime(Date.now()))} ${paint(MARKS[level])} ${plain(message)}${facts && ` ${c.dim(facts)}`}`
}

/** One finished request: status, route, times, tokens, cost, who. */
export function prettyRequest(
  row: UsageRow,
  error: GatewayError | undefined,
  colour: boolean,
): string {
  const c = createColours(colour)
  const status = error ? c.red(String(row.status)) : c.green(String(row.status))
  const asked = plain(row.group ?? (row.requested || "-"))
  const route = row.deployment ? `${asked} ${c.dim("→")} ${plain(row.deployment)}` : asked
  const parts = [status, route]
  if (row.attempts > 1) parts.push(c.yellow(`${row.attempts} attempts`))
  if (row.ttft !== null) parts.push(c.dim(`TTFT ${duration(row.ttft)}`))
  parts.push(c.dim(duration(row.duration)))
  if (row.usage === "reported") parts.push(`${row.input}→${row.output} tok`)
  const speed = tokensPerSecond(row)
  if (speed !== undefined) parts.push(c.dim(`${speed} tok/s`))
  if (row.cost !== null) parts.push(money(row.cost))
  if (row.key) parts.push(c.dim(plain(row.key)))
  if (error) parts.push(c.red(plain(error.message)))
  return `${c.dim(clockTime(row.time + row.duration))} ${parts.join("  ")}`
}

function fact(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  // A stack is readable by lines only; indented, none of them can pass for a log line.
  return name === "cause" ? text.split("\n").map(plain).join("\n    ") : plain(text)
}

/** Text on one line: callers choose model names, which may clear the screen or forge a line. */
function plain(text: string): string {
  return text.replace(CONTROLS, "")
}

function tokensPerSecond(row: UsageRow): number | undefined {
  if (!row.stream || row.ttft === null || row.output === 0) return undefined
  const seconds = (row.duration - row.ttft) / 1000
  return seconds > 0 ? Math.round(row.output / seconds) : undefined
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`
}

/** @param nano nano-USD */
function money(nano: number): string {
  const usd = nano / 1e9
  return `$${usd === 0 ? "0" : usd.toPrecision(2)}`
}

function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}
