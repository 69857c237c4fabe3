import type { LogFields, Logger } from "../core/log.ts"
import type { Settings } from "../core/settings.ts"
import { prettyLine, prettyRequest } from "./pretty.ts"
import { type Redact, redact } from "./redact.ts"

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const
type Level = (typeof LEVELS)[number]

export interface LogSink {
  write(line: string): void
  readonly isTTY: boolean
  /** Whether colours may be used. */
  readonly colour: boolean
}

/** Standard output, written in one piece a line. Looked at only when there is a line: that takes milliseconds. */
export const stdout: LogSink = {
  write: (line) => void process.stdout.write(line),
  get isTTY() {
    return process.stdout.isTTY === true
  },
  get colour() {
    return this.isTTY && !process.env["NO_COLOR"]
  },
}

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
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    request(row, error) {
      const { level: least, format } = settings()
      if (LEVELS.indexOf("info") < LEVELS.indexOf(least)) return
      const tidy = error ? clean : redact
      if (format === "pretty" || (format === "auto" && sink.isTTY)) {
        sink.write(`${tidy(prettyRequest(row, error, sink.colour))}\n`)
        return
      }
      const line: Record<string, unknown> = { time: "", level: "info", message: "request" }
      Object.assign(line, row)
      line["time"] = new Date(row.time).toISOString()
      // The ledger has the way of each request; a line of every one of them would be ten times as long.
      line["route"] = undefined
      if (error) line["reason"] = error.message
      sink.write(`${tidy(JSON.stringify(line))}\n`)
    },
  }
}
