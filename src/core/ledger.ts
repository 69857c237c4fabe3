import type { Static } from "@sinclair/typebox"
import * as t from "./typebox.ts"
import type { RouteText } from "./route-text.ts"

/** One finished exchange, as it is kept. */
export const UsageRow = t.Object({
  /** Request id. */
  id: t.String(),
  /** Milliseconds since 1970 at arrival. */
  time: t.Integer(),
  /** Caller key id; null where no keys are configured. */
  key: t.Union([t.String(), t.Null()]),
  operation: t.String(),
  /** The model name that the caller asked for. */
  requested: t.String(),
  group: t.Union([t.String(), t.Null()]),
  /** `provider/model` of the attempt that answered, or of the last one. */
  deployment: t.Union([t.String(), t.Null()]),
  channel: t.Union([t.String(), t.Null()]),
  /** HTTP status that the client got; 499 when it left. */
  status: t.Integer(),
  /** The error's kind; null when all went well. */
  error: t.Union([t.String(), t.Null()]),
  stream: t.Boolean(),
  attempts: t.Integer(),
  /** Milliseconds to the first event that carries content; null when there was none. */
  ttft: t.Union([t.Number(), t.Null()]),
  /** Milliseconds from arrival to the last byte. */
  duration: t.Number(),
  input: t.Integer(),
  output: t.Integer(),
  cacheRead: t.Integer(),
  cacheWrite: t.Integer(),
  reasoning: t.Integer(),
  /** Whether the upstream reported the tokens; `estimated`: some of them are the router's guess. */
  usage: t.Union([t.Literal("reported"), t.Literal("missing"), t.Literal("estimated")]),
  /** Nano-USD, with what `wasted` says; null is unpriced. */
  cost: t.Union([t.Integer(), t.Null()]),
  /** The caller's user agent, shortened. */
  client: t.String(),
  /** Nano-USD of attempts whose answer nobody got, such as the slower one of a hedge; guessed. */
  wasted: t.Integer(),
  /** How often another upstream had to go on with the answer. */
  continued: t.Integer(),
  /** Id of the request that this one copies for a mirror; null for a caller's own. */
  mirrorOf: t.Union([t.String(), t.Null()]),
  /** The decision and the attempts, as `packRoute` writes them; null where nothing was decided. */
  route: t.Union([t.String(), t.Null()]),
})
export type UsageRow = Static<typeof UsageRow>

/** Where finished exchanges go. `record` never blocks and never throws. */
export interface Ledger {
  /**
   * After it returns, the row survives `kill -9` of this process.
   * @param route in its two parts, where the row itself has none
   */
  record(row: UsageRow, route?: RouteText): void
  /** Resolves when everything recorded so far is in the database. */
  flush(): Promise<void>
  close(): Promise<void>
}
