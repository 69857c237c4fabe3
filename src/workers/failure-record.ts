import { type CooldownCause, type Disposition, ERROR_KINDS, type ErrorKind } from "../core/error.ts"
import type { Failure } from "../routing/failure.ts"
import { numberOr, present } from "./event.ts"
import type { RecordView } from "./log.ts"

const KINDS = Object.keys(ERROR_KINDS) as ErrorKind[]
const CAUSES: readonly (CooldownCause | null)[] = [
  null,
  "network",
  "rate-limit",
  "server",
  "auth",
  "missing",
]
const BREAKER = 1 << 16

/** What of an error health asks for, as one whole number and two others. */
export function writeFailure(record: RecordView, { kind, rule, detail }: Failure): void {
  const cause = CAUSES.indexOf(rule.cooldown)
  record.setInt(3, KINDS.indexOf(kind) | (cause << 8) | (rule.breaker ? BREAKER : 0))
  record.setNumber(1, numberOr(rule.cooldownMs))
  record.setNumber(2, numberOr(detail.retryAfterMs))
}

/** The same again. */
export function readFailure(record: RecordView): Failure {
  const bits = record.int(3)
  const cooldownMs = present(record.number(1))
  const retryAfterMs = present(record.number(2))
  const rule: Disposition = {
    // What comes next is for the worker that asked.
    next: "fail",
    breaker: (bits & BREAKER) !== 0,
    cooldown: CAUSES[(bits >> 8) & 0xff] ?? null,
    ...(cooldownMs !== undefined && { cooldownMs }),
  }
  return {
    kind: KINDS[bits & 0xff]!,
    rule,
    detail: retryAfterMs === undefined ? {} : { retryAfterMs },
  }
}
