import { GatewayError } from "../../core/error.ts"
import type { Operation } from "../../core/operation.ts"
import type { Upstream } from "../../core/protocol.ts"
import { awsError, readAwsError } from "../../transport/aws-error.ts"
import { encodeText } from "../../transport/aws-sigv4.ts"
import { toldWaitMs } from "../../transport/retry-after.ts"
import { decodeAnswer } from "./answer.ts"
import { embeddings } from "./embeddings.ts"
import { encodeCount, encodeRequest } from "./request.ts"
import { createDecoder } from "./stream.ts"

const ACTIONS: { readonly [O in Operation]?: string } = {
  embeddings: "invoke",
  "count-tokens": "count-tokens",
}

/** Nobody speaks this protocol to us, so nothing of it is ever relayed. */
function neverRelayed(): never {
  throw new GatewayError("internal", "A request to this upstream is always translated.")
}

export const upstream: Upstream = {
  path({ operation, model, stream }) {
    const action = ACTIONS[operation] ?? (stream ? "converse-stream" : "converse")
    // An ARN has slashes and colons.
    return `/model/${encodeText(model)}/${action}`
  },
  decodeError(status, headers, body) {
    const { name, message } = readAwsError(headers, body)
    const retryAfter = toldWaitMs(headers, message, Date.now())
    return awsError(name, message, status, {
      ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
    })
  },
  inspectAnswer: neverRelayed,
  relayStream: neverRelayed,
  answersJson: () => true,
  chat: { encodeRequest, decodeAnswer, createDecoder, encodeCount, decodeCount },
  embeddings,
}

function decodeCount(body: Uint8Array): number {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch {}
  const tokens = (value as { inputTokens?: unknown } | null | undefined)?.inputTokens
  if (typeof tokens === "number") return tokens
  throw new GatewayError("upstream-invalid", "The upstream answered 200 without a count.", {
    code: "upstream_invalid",
  })
}
