import type { GatewayError } from "./error.ts"
import type { UsageRow } from "./ledger.ts"

/** Extra facts of a log line. Values print as JSON; secrets print as `[secret]`. */
export type LogFields = Readonly<Record<string, unknown>>

/** Structured log. The message is a sentence; what varies goes into the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** One line for a finished exchange. */
  request(row: UsageRow, error: GatewayError | undefined): void
}
