import { GatewayError } from "../../core/error.ts"
import type { Upstream } from "../../core/protocol.ts"
import { decodeAnswer } from "./decode-answer.ts"
import { createDecoder } from "./decode-stream.ts"
import { decodeCount, encodeCount } from "./count-tokens.ts"
import { encodeRequest } from "./encode-request.ts"
import { inspectAnswer } from "./inspect-answer.ts"
import { createRepair } from "./repair.ts"
import { rateLimits } from "./rate-limits.ts"
import { createStreamRelay } from "./stream-relay.ts"
import { decodeError } from "./upstream-error.ts"

/** https://platform.claude.com/docs/en/api/messages */
export const upstream: Upstream = {
  path({ operation, relayed }) {
    const query = relayed?.query ?? ""
    if (operation === "chat") return `/v1/messages${query}`
    if (operation === "count-tokens") return `/v1/messages/count_tokens${query}`
    throw new GatewayError("internal", `No path for the operation ${operation}.`)
  },
  headers: { "anthropic-version": "2023-06-01" },
  relayedHeaders: ["anthropic-version", "anthropic-beta"],
  decodeError,
  rateLimits,
  inspectAnswer,
  answersJson: () => true,
  relayStream: (_operation, _envelope, { capabilities }) =>
    createStreamRelay(capabilities.unclean ? createRepair() : undefined),
  chat: { encodeRequest, decodeAnswer, createDecoder, encodeCount, decodeCount },
}
