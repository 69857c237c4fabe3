import type { GatewayError } from "../core/error.ts"
import type { UsageRow } from "../core/ledger.ts"
import type { LogFields, Logger } from "../core/log.ts"
import type { Settings } from "../core/settings.ts"
import { prettyLine, prettyRequest } from "./pretty.ts"
import { type Redact, redact } from "./redact.ts"
import { requestLine } from "./request-line.ts"
import { type LogSink, stdout } from "./stdout.ts"

export { type LogSink, sharedStdout, stdout } from "./stdout.ts"

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const
type Level = (typeof LEVELS)[number]

/**
 * @param settings read at each line, so that a reload changes them
 * @param clean takes secrets out of every line but those of requests without an error, which are
 * the most and hold nothing that an upstream has written
 */
export function createLogger(
  settings: () => Settings["log"],
  sink: LogSink = stdout,
  clean: Redact = redact,
): Logger {
  function write(level: Exclude<Level, "silent">, message: string, fields: LogFields = {}): void {
    const { level: least, format } = settings()
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
    const pretty = format === "pretty" || (format === "auto" && sink.isTTY)
    const line = pretty
      ? prettyLine(level, message, fields, sink.colour)
      : JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })
    sink.write(`${clean(line)}\n`)
  }

  const tidy = (error: GatewayError | undefined) => (error ? clean : redact)

  /** Rows of which the lines are still to be written: one after another they cost half. */
  const waiting: UsageRow[] = []

  function writeWaiting(): void {
    for (const row of waiting) if (!requestLine(row, sink.room)) writeRow(row, undefined)
    waiting.length = 0
  }

  function writeRow(row: UsageRow, error: GatewayError | undefined): void {
    const fields: Record<string, unknown> = { time: "", level: "info", message: "request" }
    Object.assign(fields, row)
    fields["time"] = new Date(row.time).toISOString()
    // As in the other lines.
    fields["route"] = undefined
    if (error) fields["reason"] = error.message
    sink.write(`${tidy(error)(JSON.stringify(fields))}\n`)
  }

  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    request(row, error) {
      const { level: least, format } = settings()
      if (LEVELS.indexOf("info") < LEVELS.indexOf(least)) return
      if (format === "pretty" || (format === "auto" && sink.isTTY)) {
        sink.write(`${tidy(error)(prettyRequest(row, error, sink.colour))}\n`)
      } else if (error) writeRow(row, error)
      else {
        waiting.push(row)
        sink.later(writeWaiting)
      }
    },
  }
}
