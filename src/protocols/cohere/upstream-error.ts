import type { HeaderView } from "../../core/byte-source.ts"
import { type ErrorDetail, type ErrorKind, GatewayError } from "../../core/error.ts"
import { toldWaitMs } from "../../transport/retry-after.ts"
import { kindOfStatus, statusToTell } from "../../transport/status-kind.ts"
import { isRecord, type Json } from "./json-values.ts"

const TEXT_LIMIT = 300

/** An error answer: `{"message":"…"}`. https://docs.cohere.com/reference/errors */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  const message = messageIn(text) ?? `The upstream answered ${status}.`
  const retryAfter = toldWaitMs(headers, message, Date.now())
  const reason = reasonOf(status, message)
  const tokens = reason === "context-length" ? tokensIn(message) : undefined
  return new GatewayError(kindOf(status, reason), message, {
    // Its own status for a word that is not allowed is one that clients of other protocols do not know.
    ...(status === 498 ? { status: 400 } : statusToTell(status)),
    ...(reason && { reason }),
    ...(reason === "context-length" && { code: "context_length_exceeded" }),
    ...(tokens && { tokens }),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  })
}

/** An error object in the middle of a stream. */
export function errorWithin({ message, status_code }: Json): GatewayError {
  const status = typeof status_code === "number" ? status_code : 500
  const body = Buffer.from(JSON.stringify({ message }))
  return decodeError(status, new Headers(), body)
}

function kindOf(status: number, reason: ErrorDetail["reason"]): ErrorKind {
  return reason && status < 400 ? "upstream-rejected" : kindOfStatus(status)
}

function reasonOf(status: number, message: string): ErrorDetail["reason"] {
  if (status === 402 || (status === 429 && /trial|month|billing|credit/i.test(message))) {
    return "billing"
  }
  if (status === 403) return "permission"
  // A word that is not allowed, in the request or the answer.
  if (status === 498) return "content-policy"
  if (status === 503 || (status >= 500 && /overloaded|capacity/i.test(message))) return "overloaded"
  if (status === 400 || status === 422) {
    if (/too many tokens|context (length|window)|maximum context/i.test(message)) {
      return "context-length"
    }
    if (/max_tokens.*(exceed|at most|less than|maximum)/i.test(message)) return "output-limit"
  }
  return undefined
}

/** `total number of tokens in the prompt cannot exceed 4081 - received 5000` and its like. */
function tokensIn(message: string): ErrorDetail["tokens"] {
  const limit = /(?:exceed|limit of|maximum of) (\d+)/i.exec(message)?.[1]
  const given = /(?:received|requested|got) (\d+)/i.exec(message)?.[1]
  if (!limit && !given) return undefined
  return { ...(given && { given: Number(given) }), ...(limit && { limit: Number(limit) }) }
}

function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const message = isRecord(value) ? (value["message"] ?? value["error"]) : value
    return typeof message === "string" && message !== "" ? message.slice(0, TEXT_LIMIT) : undefined
  } catch {
    const plain = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
    return plain.trim().slice(0, TEXT_LIMIT) || undefined
  }
}
