import { GatewayError } from "../core/error.ts"

/** By when the answer of a request has to have begun. */
export interface Due {
  /** Monotonic milliseconds; Infinity is never. */
  readonly at: number
  /** How long that was in all, and the setting that says so. */
  readonly ms: number
  readonly name: string
  /** Whether the caller asked for it: an upstream that is slower has done nothing wrong. */
  readonly callers: boolean
}

/** No limit. */
export const NEVER_DUE: Due = {
  at: Number.POSITIVE_INFINITY,
  ms: Number.POSITIVE_INFINITY,
  name: "",
  callers: false,
}

/** Milliseconds below which no attempt is worth its begin: it could not even connect. */
export const LEAST_TIME = 10

/** The end of a request whose answer did not begin in time. */
export function tooLate(due: Due): GatewayError {
  return late(due, `No answer began within ${due.ms} ms (\`${due.name}\`).`)
}

/** The end of an attempt that has had its share of the time, so that another one gets some. */
export function attemptLate(due: Due, ms: number): GatewayError {
  const spent = Math.round(ms)
  return late(due, `No answer began within ${spent} ms, half of what \`${due.name}\` left.`)
}

/** The code of both. */
export const TOO_LATE = "deadline_exceeded"

function late(due: Due, message: string): GatewayError {
  return new GatewayError("upstream-timeout", message, {
    code: TOO_LATE,
    ...(due.callers && { rule: { breaker: false, cooldown: null } }),
  })
}
