import { type GatewayError, toGatewayError } from "../core/error.ts"
import type { Committed, Events } from "./attempt.ts"
import { recordFailure } from "./attempt-record.ts"
import type { GatewayContext } from "./context.ts"
import { dispose } from "./disposition.ts"
import { explain } from "./explain.ts"

/** A committed answer of plain bytes. */
export type Bytes = Extract<Committed, { kind: "bytes" }>

/** The client has left its answer. */
export function leave(
  { flow, trial, record }: Events | Bytes,
  { clock, health }: GatewayContext,
): void {
  record.outcome = "cancelled"
  record.duration = clock.now() - trial.began
  flow.cancel()
  health.release(trial)
}

/** Why an answer broke off, as its attempt's record has it. */
export function failureOf(
  { trial, record }: Committed,
  thrown: unknown,
  { clock }: GatewayContext,
): GatewayError {
  const { channel, began } = trial
  const disposed = dispose(toGatewayError(thrown), channel.deployment.provider, "after")
  const error = explain(disposed, channel)
  record.duration = clock.now() - began
  recordFailure(record, error)
  return error
}

/** Whoever leaves an answer is heard of twice: by its own end, and by that of the upstream's request. */
export function isGone(thrown: unknown): boolean {
  return toGatewayError(thrown).kind === "client-gone"
}
