import type { HeaderView } from "../../core/byte-source.ts"
import { table } from "../../core/table.ts"
import {
  type ErrorDetail,
  type ErrorKind,
  type ErrorReason,
  GatewayError,
} from "../../core/error.ts"
import { retryAfterMs } from "../../transport/retry-after.ts"
import { kindOfStatus } from "../../transport/status-kind.ts"
import { waitInWords, waitOf } from "../../transport/told-wait.ts"
import { PROTOCOL } from "./dialect.ts"
import { type Fields, fieldsOf, isFields, listOf, textOf } from "./fields.ts"

const TEXT_LIMIT = 300

/** A wait that is longer is no rate limit but a quota that is used up. */
const LONGEST_WAIT = 300_000

/** An error answer by its status and body. The body is kept for callers of the same protocol. */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  const value = parsed(text)
  const error = errorOf(value)
  if (!error) {
    const plain = text
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, TEXT_LIMIT)
    const message = plain || `The upstream answered ${status}.`
    return classify(status, { message }, retryAfterMs(headers, Date.now()))
  }
  const upstream =
    status >= 400 && isFields(value)
      ? { protocol: PROTOCOL, contentType: "application/json", body }
      : undefined
  return classify(status, error, retryAfterMs(headers, Date.now()), upstream)
}

/** An `error` object inside a 200 or inside a stream. */
export function errorWithin(error: unknown): GatewayError {
  const fields = isFields(error) ? error : { message: textOf(error) }
  const code = Number(fields["code"])
  const status = Number.isInteger(code) && code >= 400 && code < 600 ? code : 500
  return classify(BY_WORD[textOf(fields["status"]) ?? ""] ?? status, fields, undefined)
}

/** The `error` of a body, which streaming endpoints put into an array of one. */
export function errorOf(value: unknown): Fields | undefined {
  const outer = Array.isArray(value) ? (value as unknown[])[0] : value
  const error = isFields(outer) ? outer["error"] : undefined
  if (typeof error === "string") return { message: error }
  return isFields(error) ? error : undefined
}

/** https://cloud.google.com/apis/design/errors#handling_errors */
const BY_WORD = table<number>({
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
})

function classify(
  status: number,
  error: Fields,
  waitOfHeaders: number | undefined,
  upstream?: ErrorDetail["upstream"],
): GatewayError {
  const message = textOf(error["message"]) || `The upstream answered ${status}.`
  const details = listOf(error["details"]).map(fieldsOf)
  const wait = retryDelayOf(details) ?? waitInWords(message) ?? waitOfHeaders
  const { kind, reason, as } = ruling(status, textOf(error["status"]), message, details, wait)
  const tokens = reason === "context-length" ? tokensOf(message) : undefined
  // Its words for statuses (`RESOURCE_EXHAUSTED`) are no codes that other APIs' clients know.
  return new GatewayError(kind, message, {
    ...((as ?? status) >= 400 && { status: as ?? status }),
    ...(reason && { reason }),
    ...(tokens && { tokens }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...fieldOf(details),
    ...(upstream && { upstream }),
  })
}

interface Ruling {
  kind: ErrorKind
  reason?: ErrorReason
  /** Status, where the upstream's own misleads. */
  as?: number
}

function ruling(
  status: number,
  word: string | undefined,
  message: string,
  details: readonly Fields[],
  wait: number | undefined,
): Ruling {
  if (status === 400) return rejected(word, message, details)
  const kind = kindOfStatus(status)
  if (status === 402) return { kind, reason: "billing" }
  if (status === 403) return { kind, reason: "permission" }
  if (status === 429) {
    const spent = isSpent(message, details, wait)
    return { kind, ...(spent && { reason: "billing" }) }
  }
  if (status === 408 || status === 409 || status === 499) return { kind, as: 502 }
  const overloaded = status === 503 && (word === "UNAVAILABLE" || /overloaded/i.test(message))
  return { kind, ...(overloaded && { reason: "overloaded" }) }
}

function rejected(word: string | undefined, message: string, details: readonly Fields[]): Ruling {
  const invalidKey = details.some((detail) => detail["reason"] === "API_KEY_INVALID")
  if (invalidKey || /API key (not valid|expired)/i.test(message)) {
    return { kind: "upstream-unauthorized", as: 401 }
  }
  if (/exceeds the maximum number of tokens|input token count.*exceeds/i.test(message)) {
    return { kind: "upstream-rejected", reason: "context-length" }
  }
  if (/thought_?\s?signature/i.test(message)) {
    return { kind: "upstream-rejected", reason: "state-rejected" }
  }
  if (word === "FAILED_PRECONDITION" && /location|billing|country|region/i.test(message)) {
    return { kind: "upstream-unauthorized", reason: "permission", as: 403 }
  }
  return { kind: "upstream-rejected" }
}

/** A quota of the day, or of nothing at all: waiting a minute does not help. */
function isSpent(message: string, details: readonly Fields[], wait: number | undefined): boolean {
  if (/\blimit: 0\b/.test(message)) return true
  const violations = details.flatMap((detail) => listOf(detail["violations"])).map(fieldsOf)
  const daily = violations.some(({ quotaId }) => /PerDay/i.test(String(quotaId)))
  return daily || (wait !== undefined && wait > LONGEST_WAIT)
}

/** Of `RetryInfo`: `34.4s`, as the API writes all durations. */
function retryDelayOf(details: readonly Fields[]): number | undefined {
  for (const { retryDelay } of details) {
    if (typeof retryDelay !== "string") continue
    const wait = waitOf(retryDelay, Date.now())
    if (wait !== undefined) return wait
  }
  return undefined
}

function tokensOf(message: string): { given?: number; limit?: number } {
  const given = /token count \((\d+)\)/i.exec(message)?.[1]
  const limit = /tokens allowed \((\d+)\)/i.exec(message)?.[1]
  return { ...(given && { given: Number(given) }), ...(limit && { limit: Number(limit) }) }
}

function fieldOf(details: readonly Fields[]): { param?: string } {
  for (const detail of details) {
    const field = textOf(fieldsOf(listOf(detail["fieldViolations"])[0])["field"])
    if (field) return { param: field }
  }
  return {}
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
