import type { HeaderView } from "../../core/byte-source.ts"
import { table } from "../../core/table.ts"
import type { ErrorDetail, ErrorKind, ErrorReason } from "../../core/error.ts"
import { GatewayError } from "../../core/error.ts"
import { retryAfterMs } from "../../transport/retry-after.ts"
import { kindOfStatus, statusToTell } from "../../transport/status-kind.ts"
import { waitInWords } from "../../transport/told-wait.ts"
import { resetMs } from "./rate-limits.ts"
import { type Fields, isRecord, PROTOCOL, textOf } from "./wire.ts"

const TEXT_LIMIT = 300

/** The status that stands for a type, for errors inside a stream. */
const STATUS = table<number>({
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
})

interface Told {
  message?: string
  type?: string
  code?: string
}

/** An error answer by its status and body. The body is kept for callers of the same protocol. */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const value = parsed(body)
  const told = isRecord(value) || Array.isArray(value) ? read(value) : { message: plainText(body) }
  const wall = Date.now()
  const retryAfter =
    retryAfterMs(headers, wall) ?? resetMs(headers, wall) ?? waitInWords(told.message)
  const detail: ErrorDetail = {
    ...statusToTell(status),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  }
  // Other shapes (a proxy's, another API's) would only confuse a client of this one.
  if (status >= 400 && isRecord(value) && value["type"] === "error") {
    detail.upstream = { protocol: PROTOCOL, contentType: "application/json", body }
  }
  return classify(status, told, detail)
}

/** An `error` object inside a 200 or inside a stream. */
export function errorWithin(error: unknown): GatewayError {
  const told = read({ error })
  const status = STATUS[told.type ?? ""]
  return classify(status ?? 500, told, status === undefined ? {} : { status })
}

function classify(status: number, told: Told, detail: ErrorDetail): GatewayError {
  const message = told.message || `The upstream answered ${status}.`
  const { kind, ...found } = diagnose(status, told, message)
  const code = told.code ?? told.type
  return new GatewayError(kind, message, {
    ...detail,
    ...(code !== undefined && { code }),
    ...found,
  })
}

interface Diagnosis {
  kind: ErrorKind
  reason?: ErrorReason
  tokens?: { given?: number; limit?: number }
}

function diagnose(status: number, { type, code }: Told, message: string): Diagnosis {
  // Threads are the caller's own affair: its SDK knows what to do about each of these.
  if (code?.startsWith("thread_")) return { kind: "upstream-rejected" }
  if (status === 529 || status === 503 || type === "overloaded_error") {
    return { kind: "upstream-error", reason: "overloaded" }
  }
  if (status === 402 || isBilling(status, code, message)) {
    return { kind: "upstream-unauthorized", reason: "billing" }
  }
  const kind = kindOfStatus(status)
  if (status === 403) return { kind, reason: "permission" }
  if (kind !== "upstream-rejected") return { kind }
  const tokens = tooManyTokens(message)
  if (tokens) return { kind, ...tokens }
  if (STATE.some((pattern) => pattern.test(message))) return { kind, reason: "state-rejected" }
  if (/content filter/i.test(message)) return { kind, reason: "content-policy" }
  return { kind }
}

/** No credit left, or a limit of spending: waiting does not help, another key may. */
function isBilling(status: number, code: string | undefined, message: string): boolean {
  if (code === "enforced_spend_limit_reached") return true
  return status === 400 && /credit balance is too low/i.test(message)
}

/** Thoughts that the upstream does not take back. */
const STATE = [
  /invalid [`'"]?(signature|data)[`'"]? in [`'"]?(redacted_)?thinking/i,
  /thinking[`'"]?( or [`'"]?redacted_thinking[`'"]?)? blocks? .*(cannot be modified|must remain)/i,
  /expected [`'"]?(redacted_)?thinking/i,
]

function tooManyTokens(message: string): Pick<Diagnosis, "reason" | "tokens"> | undefined {
  const prompt = /prompt is too long(?:: (\d+) tokens > (\d+))?/i.exec(message)
  if (prompt) return counted("context-length", prompt[1], prompt[2])
  const both = /exceed context limit: (\d+) \+ (\d+) > (\d+)/i.exec(message)
  if (both) return counted("context-length", `${Number(both[1]) + Number(both[2])}`, both[3])
  if (/exceeds? (the )?(context (limit|window)|maximum context)/i.test(message)) {
    return { reason: "context-length" }
  }
  const output = /max_tokens: (\d+) > (\d+)/.exec(message)
  return output ? counted("output-limit", output[1], output[2]) : undefined
}

function counted(reason: ErrorReason, given: string | undefined, limit: string | undefined) {
  if (given === undefined || limit === undefined) return { reason }
  return { reason, tokens: { given: Number(given), limit: Number(limit) } }
}

/** Ours, OpenAI's and Google's error objects, and bare strings. */
function read(value: unknown): Told {
  // Google wraps the object in an array.
  const outer: unknown = Array.isArray(value) ? value[0] : value
  const error = isRecord(outer) ? (outer["error"] ?? outer) : outer
  if (typeof error === "string") return { message: error.slice(0, TEXT_LIMIT) }
  if (!isRecord(error)) return {}
  const details: Fields = isRecord(error["details"]) ? error["details"] : {}
  const message = textOf(error["message"]) ?? textOf(error["detail"])
  const type = textOf(error["type"])
  const code = textOf(details["error_code"]) ?? textOf(error["code"])
  return {
    ...(message !== undefined && { message }),
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

function plainText(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  return text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, TEXT_LIMIT)
}
