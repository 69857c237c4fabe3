import { type ErrorDetail, GatewayError } from "../core/error.ts"
import type { Timeouts } from "../core/settings.ts"
import type { Answer } from "./upstream.ts"

/** Milliseconds after which an attempt ends that no timeout of the config ends. */
const PATIENCE = 600_000

type Refused = Extract<Answer, { ok: false }>

/** What an attempt comes to within the time limits of its deployment. */
export function withinLimits(answer: Answer, timeouts: Timeouts, stream: boolean): Answer {
  const { firstByte, firstContent, response } = timeouts
  const limit = stream ? least(firstByte, firstContent) : least(response)
  if (!answer.ok) {
    if (Number.isFinite(answer.after)) return answer
    const connecting = answer.kind === "upstream-unreachable"
    return { ...answer, after: connecting ? least(timeouts.connect) : limit }
  }
  // Headers come at once: it is the first content that is late.
  const late = stream ? least(firstContent) : limit
  const begun = stream ? answer.ttft : answer.duration
  return begun <= late ? answer : { ok: false, kind: "upstream-timeout", after: late }
}

function least(...limits: readonly number[]): number {
  return Math.min(PATIENCE, ...limits.filter((limit) => limit > 0))
}

/** The error that the gateway would make of it. */
export function errorOf({ kind, reason, retryAfterMs }: Refused): GatewayError {
  const detail: ErrorDetail = {}
  if (reason !== undefined) detail.reason = reason
  if (retryAfterMs !== undefined) detail.retryAfterMs = retryAfterMs
  return new GatewayError(kind, "The virtual upstream failed.", detail)
}
