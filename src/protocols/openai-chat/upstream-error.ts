import type { HeaderView } from "../../core/byte-source.ts"
import {
  type ErrorDetail,
  type ErrorKind,
  type ErrorReason,
  GatewayError,
} from "../../core/error.ts"
import { retryAfterMs, toldWaitMs } from "../../transport/retry-after.ts"
import { kindOfStatus, statusToTell } from "../../transport/status-kind.ts"
import { waitInWords, waitOf } from "../../transport/told-wait.ts"
import { type ErrorWords, isTokenRate, reasonOf, tokensOf } from "./error-reason.ts"
import { type Json, listOf, recordOf, textOf } from "./json-values.ts"
import { isRecord } from "../../canonical/record.ts"

const PROTOCOL = "openai-chat"
const TEXT_LIMIT = 300

/** Codes that name the trouble better than the status does. */
const BY_CODE: Record<string, ErrorKind> = {
  rate_limit_exceeded: "upstream-rate-limited",
  insufficient_quota: "upstream-rate-limited",
  invalid_api_key: "upstream-unauthorized",
  model_not_found: "upstream-model-missing",
  context_length_exceeded: "upstream-rejected",
  invalid_request_error: "upstream-rejected",
}

function kindOf(
  status: number,
  { code, type, message = "" }: ErrorWords,
  reason: ErrorReason | undefined,
): ErrorKind {
  // Another key may have credit, and what was refused for what it says is no fault of the key.
  if (status === 400 && reason === "billing") return "upstream-unauthorized"
  if (status === 403 && reason === "content-policy") return "upstream-rejected"
  if (status === 413 && isTokenRate(message)) return "upstream-rate-limited"
  if (status === 498) return "upstream-error"
  if (status >= 300) return kindOfStatus(status)
  return BY_CODE[code ?? ""] ?? BY_CODE[type ?? ""] ?? "upstream-error"
}

/** An error answer by its status and body. The body is kept for callers of the same protocol. */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const words = readError(body)
  const reason = reasonOf(status, words)
  const retryAfter = toldWaitMs(headers, words.message, Date.now()) ?? waitWithin(words.fields)
  const detail: ErrorDetail = {
    ...statusToTell(status),
    ...detailOf(words, reason),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  }
  if (status >= 400 && isJsonObject(body)) {
    detail.upstream = { protocol: PROTOCOL, contentType: "application/json", body }
  }
  const message = words.message ?? `The upstream answered ${status}.`
  return new GatewayError(kindOf(status, words, reason), message, detail)
}

/** An `error` object inside a 200 or inside a stream. */
export function errorWithin(error: unknown): GatewayError {
  const fields = isRecord(error) ? error : { message: error }
  const words = wordsOf(fields)
  const status = statusWithin(fields)
  const reason = reasonOf(status ?? 200, words)
  const message = words.message ?? "The upstream reported an error without a message."
  const retryAfter = waitInWords(words.message) ?? waitWithin(fields)
  return new GatewayError(kindOf(status ?? 200, words, reason), message, {
    ...(status !== undefined && { status }),
    ...detailOf(words, reason),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  })
}

function detailOf(words: ErrorWords, reason: ErrorReason | undefined): ErrorDetail {
  const { code, param } = words
  const tokens = reason === "context-length" ? tokensOf(words) : {}
  return {
    ...(reason && { reason }),
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
    ...(Object.keys(tokens).length > 0 && { tokens }),
  }
}

/**
 * Some say in a field how long to wait. OpenRouter repeats the headers of the limit that was met:
 * https://openrouter.ai/docs/api/reference/limits
 */
function waitWithin(fields: Record<string, unknown>): number | undefined {
  const now = Date.now()
  const seconds = fields["retry_after"]
  if (typeof seconds === "number") return waitOf(String(seconds), now)
  const repeated = Object.entries(recordOf(recordOf(fields["metadata"])["headers"]))
  const told = repeated.flatMap(([name, value]): [string, string][] =>
    /^(x-ratelimit|retry-after)[a-z-]*$/i.test(name) && /^[\w.:-]+$/.test(String(value))
      ? [[name, String(value)]]
      : [],
  )
  return told.length > 0 ? retryAfterMs(new Headers(told), now) : undefined
}

/** OpenRouter and others put an HTTP status into `code` or `status`. */
function statusWithin(fields: Record<string, unknown>): number | undefined {
  for (const value of [fields["code"], fields["status"], fields["status_code"]]) {
    const status = Number(value)
    if (Number.isInteger(status) && status >= 400 && status < 600) return status
  }
  return undefined
}

function readError(body: Uint8Array): ErrorWords {
  const raw = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    const plain = raw
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
    return { fields: {}, ...(plain && { message: plain.slice(0, TEXT_LIMIT) }) }
  }
  // Google wraps the object in an array, some servers write a bare string.
  const outer = Array.isArray(value) ? value[0] : value
  const error = isRecord(outer) ? (outer["error"] ?? outer) : outer
  if (typeof error === "string") {
    const code = isRecord(outer) ? textOf(outer["code"]) : undefined
    const message = error.slice(0, TEXT_LIMIT)
    return { fields: {}, message, ...(code !== undefined && { code }) }
  }
  return wordsOf(recordOf(error))
}

function wordsOf(fields: Json): ErrorWords {
  const complaint = recordOf(listOf(fields["detail"])[0])
  const path = listOf(complaint["loc"]).filter((step) => step !== "body")
  const message = textOf(fields["message"]) ?? textOf(fields["detail"]) ?? textOf(complaint["msg"])
  const code = textOf(fields["code"])
  const type = textOf(fields["type"])
  const param = textOf(fields["param"]) ?? textOf(path.join("."))
  return {
    fields,
    ...(message !== undefined && { message }),
    ...(code !== undefined && { code }),
    ...(type !== undefined && { type }),
    ...(param !== undefined && { param }),
  }
}

function isJsonObject(body: Uint8Array): boolean {
  try {
    return isRecord(JSON.parse(new TextDecoder().decode(body)))
  } catch {
    return false
  }
}
