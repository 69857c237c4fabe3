import { GatewayError } from "../../core/error.ts"
import type { Operation } from "../../core/operation.ts"
import type { AnswerFacts, Upstream } from "../../core/protocol.ts"
import { parseField, scanObject } from "../../transport/json-scan.ts"
import { rateLimits } from "../openai-chat/rate-limits.ts"
import { COMPACT_PATH, isCompaction } from "./compact.ts"
import { decodeAnswer, notAnAnswer, refuseFailed } from "./decode-answer.ts"
import { createStreamDecoder } from "./decode-stream.ts"
import { encodeCount, encodeRequest } from "./encode-request.ts"
import { createStreamRelay } from "./relay.ts"
import { PATHS } from "./routes.ts"
import { decodeError } from "./upstream-error.ts"
import { count, readUsage } from "./usage.ts"
import { type Fields, record } from "./wire.ts"

export const upstream: Upstream = {
  path({ operation, relayed }) {
    if (relayed && isCompaction(relayed.path)) return COMPACT_PATH
    const path = PATHS[operation]
    if (!path) throw new GatewayError("internal", `No path for the operation ${operation}.`)
    return path
  },
  // The last one says that tools stand among the items, which changes what the API makes of them.
  relayedHeaders: ["openai-beta", "idempotency-key", "x-openai-internal-codex-responses-lite"],
  decodeError,
  rateLimits,
  answersJson: () => true,
  inspectAnswer,
  relayStream: () => createStreamRelay(),
  chat: {
    encodeRequest,
    decodeAnswer,
    createDecoder: createStreamDecoder,
    encodeCount,
    decodeCount: (body) => tokensOf(scanned(body)),
  },
}

/** Members that say whether it is an answer; the output itself is only skipped. */
const LOOKED_AT = new Set(["status", "error", "usage", "input_tokens"])

function inspectAnswer(operation: Operation, body: Uint8Array): AnswerFacts {
  const fields = scanned(body)
  refuseFailed(fields)
  if (operation === "count-tokens") {
    tokensOf(fields)
    return { usage: undefined }
  }
  if (!("output" in fields)) {
    throw notAnAnswer(`something that has no output (${Object.keys(fields).slice(0, 5)})`)
  }
  return { usage: readUsage(fields["usage"]) }
}

function scanned(body: Uint8Array): Fields {
  const scan = scanObject(body)
  if (body.length === 0) throw notAnAnswer("an empty body")
  if (!scan) throw notAnAnswer("something that is no JSON object")
  const fields: Fields = {}
  for (const field of scan.fields) {
    if (!LOOKED_AT.has(field.key)) fields[field.key] = undefined
    else {
      try {
        fields[field.key] = parseField(body, field)
      } catch (cause) {
        throw notAnAnswer("broken JSON", cause)
      }
    }
  }
  return fields
}

function tokensOf(fields: Fields): number {
  const tokens = count(record(fields)["input_tokens"])
  if (tokens === undefined) throw notAnAnswer("no count of tokens")
  return tokens
}
