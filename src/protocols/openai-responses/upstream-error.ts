import type { HeaderView } from "../../core/byte-source.ts"
import { table } from "../../core/table.ts"
import {
  type ErrorDetail,
  type ErrorKind,
  type ErrorReason,
  GatewayError,
} from "../../core/error.ts"
import * as chat from "../openai-chat/upstream-error.ts"
import { PROTOCOL } from "./id.ts"
import { record } from "./wire.ts"

/** What codes say that only this API has; all others are Chat's. https://platform.openai.com/docs/guides/error-codes */
const KINDS = table<ErrorKind>({
  usage_not_included: "upstream-rate-limited",
  invalid_encrypted_content: "upstream-rejected",
  previous_response_not_found: "upstream-rejected",
  invalid_prompt: "upstream-rejected",
  bio_policy: "upstream-rejected",
  misalignment_policy_violation: "upstream-rejected",
  content_filter: "upstream-rejected",
})

/** Codes that clients of this API know by name, and what they mean. */
export const REASONS = table<ErrorReason>({
  context_length_exceeded: "context-length",
  insufficient_quota: "billing",
  usage_not_included: "billing",
  server_is_overloaded: "overloaded",
  slow_down: "overloaded",
  invalid_encrypted_content: "state-rejected",
  previous_response_not_found: "previous-missing",
  content_filter: "content-policy",
  content_policy_violation: "content-policy",
  invalid_prompt: "content-policy",
  bio_policy: "content-policy",
  misalignment_policy_violation: "content-policy",
})

/** An error answer by its status and body. The body is kept for callers of the same protocol. */
export function decodeError(status: number, headers: HeaderView, body: Uint8Array): GatewayError {
  const error = chat.decodeError(status, headers, body)
  const { upstream } = error.detail
  return refined(error, upstream ? { upstream: { ...upstream, protocol: PROTOCOL } } : {})
}

/** An `error` object inside a 200 or inside a stream, where all that is known of it is in its words. */
export function errorWithin(value: unknown): GatewayError {
  const error = chat.errorWithin(value)
  const kind = KINDS[error.detail.code ?? ""] ?? KINDS[String(record(value)["type"])] ?? error.kind
  return refined(error, {}, kind)
}

function refined(error: GatewayError, more: ErrorDetail, kind: ErrorKind = error.kind) {
  const { code } = error.detail
  const reason = code === undefined ? undefined : REASONS[code]
  // An answer that is not there is no missing model.
  const fitting = reason === "previous-missing" ? "upstream-rejected" : kind
  return new GatewayError(fitting, error.message, {
    ...error.detail,
    ...(reason && { reason }),
    ...more,
  })
}
