import type { HeaderView } from "../../core/byte-source.ts"
import { type ErrorDetail, type ErrorKind, GatewayError } from "../../core/error.ts"
import { toldWaitMs } from "../../transport/retry-after.ts"
import { kindOfStatus, statusToTell } from "../../transport/status-kind.ts"

const TEXT_LIMIT = 300

/** An error answer: `{"error":"text"}`, where the text may itself be JSON of the engine below. */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  const parsed = parse(text)
  const message = (parsed ? messageOf(parsed["error"]) : plain(text)) || undefined
  const retryAfter = toldWaitMs(headers, message, Date.now())
  return classify(status, message ?? `The upstream answered ${status}.`, {
    ...statusToTell(status),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  })
}

/** An `error` in the middle of a stream, or inside a 200. */
export function errorWithin(error: unknown): GatewayError {
  const message = messageOf(error) || "The upstream reported an error without a message."
  return classify(statusWithin(error) ?? 200, message, {})
}

function classify(status: number, message: string, detail: ErrorDetail): GatewayError {
  const tokens = tokensIn(message)
  if (tokens || /exceeds? the (available )?context|context (length|window|size)/i.test(message)) {
    return new GatewayError("upstream-rejected", message, {
      ...detail,
      status: 400,
      reason: "context-length",
      code: "context_length_exceeded",
      ...(tokens && { tokens }),
    })
  }
  // A model without tools, thinking or vision: another one may have it.
  if (/does not support|not supported (for|by) this model/i.test(message)) {
    return new GatewayError("unsupported", message, { ...detail, status: 400 })
  }
  const reason = reasonOf(status, message)
  return new GatewayError(kindOf(status, message), message, {
    ...detail,
    ...(reason && { reason }),
  })
}

function kindOf(status: number, message: string): ErrorKind {
  if (/^model .* not found/i.test(message)) return "upstream-model-missing"
  return status >= 300 ? kindOfStatus(status) : "upstream-error"
}

function reasonOf(status: number, message: string): ErrorDetail["reason"] {
  if (status === 402) return "billing"
  if (status === 403) return /subscri|upgrade/i.test(message) ? "billing" : "permission"
  return status === 503 || /\bserver (is )?busy\b|overloaded/i.test(message)
    ? "overloaded"
    : undefined
}

/** `request (8889 tokens) exceeds the available context size (4096 tokens)` */
function tokensIn(message: string): { given: number; limit: number } | undefined {
  const found = /\((\d+) tokens\) exceeds the available context size \((\d+) tokens\)/.exec(message)
  return found ? { given: Number(found[1]), limit: Number(found[2]) } : undefined
}

function messageOf(error: unknown): string {
  if (typeof error === "string") {
    const inner = parse(error)
    return inner ? messageOf(inner["error"] ?? inner) : error.slice(0, TEXT_LIMIT)
  }
  if (typeof error !== "object" || error === null || !("message" in error)) return ""
  return String(error.message).slice(0, TEXT_LIMIT)
}

function statusWithin(error: unknown): number | undefined {
  const inner = typeof error === "string" ? parse(error)?.["error"] : error
  const code = typeof inner === "object" && inner !== null && "code" in inner ? inner.code : 0
  const status = Number(code)
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}

function parse(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith("{")) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function plain(text: string): string {
  const words = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
  return words.trim().slice(0, TEXT_LIMIT)
}
