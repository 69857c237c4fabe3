import { type ErrorDetail, type ErrorKind, GatewayError } from "../../core/error.ts"
import { retryAfterMs } from "../../transport/retry-after.ts"
import { isRecord } from "./usage.ts"

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

function kindOf(status: number, code: string | undefined, type: string | undefined): ErrorKind {
  if (status === 401 || status === 402 || status === 403) return "upstream-unauthorized"
  if (status === 404) return "upstream-model-missing"
  if (status === 429) return "upstream-rate-limited"
  // Locks and early data are the upstream's own trouble: https://github.com/openai/openai-node#retries
  if (status === 408 || status === 409 || status === 425) return "upstream-error"
  if (status >= 500) return "upstream-error"
  if (status >= 400) return "upstream-rejected"
  if (status >= 300) return "upstream-invalid"
  return BY_CODE[code ?? ""] ?? BY_CODE[type ?? ""] ?? "upstream-error"
}

/** An error answer by its status and body. The body is kept for callers of the same protocol. */
export function decodeError(status: number, headers: Headers, body: Uint8Array): GatewayError {
  const { message, code, type } = readError(body)
  const kind = kindOf(status, code, type)
  const retryAfter = retryAfterMs(headers, Date.now())
  const detail: ErrorDetail = {
    ...(status >= 400 && { status }),
    ...(code !== undefined && { code }),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  }
  if (status >= 400 && isJsonObject(body)) {
    detail.upstream = { protocol: PROTOCOL, contentType: "application/json", body }
  }
  return new GatewayError(kind, message ?? `The upstream answered ${status}.`, detail)
}

/** An `error` object inside a 200 or inside a stream. */
export function errorWithin(error: unknown): GatewayError {
  const fields = isRecord(error) ? error : { message: error }
  const message = text(fields["message"]) ?? "The upstream reported an error without a message."
  const code = text(fields["code"])
  const status = statusWithin(fields)
  const kind = kindOf(status ?? 200, code, text(fields["type"]))
  return new GatewayError(kind, message, {
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
  })
}

/** OpenRouter and others put an HTTP status into `code` or `status`. */
function statusWithin(fields: Record<string, unknown>): number | undefined {
  for (const value of [fields["code"], fields["status"], fields["status_code"]]) {
    const status = Number(value)
    if (Number.isInteger(status) && status >= 400 && status < 600) return status
  }
  return undefined
}

function readError(body: Uint8Array): { message?: string; code?: string; type?: string } {
  const raw = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    const plain = raw
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
    return plain ? { message: plain.slice(0, TEXT_LIMIT) } : {}
  }
  // Google wraps the object in an array, some servers write a bare string.
  const outer = Array.isArray(value) ? value[0] : value
  const error = isRecord(outer) ? (outer["error"] ?? outer) : outer
  if (typeof error === "string") return { message: error.slice(0, TEXT_LIMIT) }
  if (!isRecord(error)) return {}
  const message = text(error["message"]) ?? text(error["detail"])
  const code = text(error["code"])
  const type = text(error["type"])
  return {
    ...(message !== undefined && { message }),
    ...(code !== undefined && { code }),
    ...(type !== undefined && { type }),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined
}

function isJsonObject(body: Uint8Array): boolean {
  try {
    return isRecord(JSON.parse(new TextDecoder().decode(body)))
  } catch {
    return false
  }
}
