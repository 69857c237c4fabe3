import type { Ingress } from "../../core/protocol.ts"
import { encodeAnswer } from "./encode-answer.ts"
import { createStream } from "./encode-stream.ts"
import { openEnvelope } from "./envelope.ts"
import { encodeError, encodeStreamError, statusOf } from "./ingress-error.ts"
import { models } from "./models.ts"
import { paramName } from "./param-names.ts"
import { sseEvent } from "./wire.ts"

/** https://platform.claude.com/docs/en/api/messages */
export const ingress: Ingress = {
  routes: [
    { method: "POST", path: "/v1/messages", operation: "chat", body: "json" },
    {
      method: "POST",
      path: "/v1/messages/count_tokens",
      operation: "count-tokens",
      body: "json",
    },
  ],
  prefixes: ["/anthropic"],
  models,
  inspect: openEnvelope,
  encodeError,
  statusOf,
  encodeStreamError,
  replyHeaders: (requestId) => ({ "request-id": requestId }),
  keepAlive: Buffer.from(sseEvent("ping", '{"type": "ping"}')),
  comments: true,
  chat: { encodeAnswer, createStream, paramName },
  encodeCount: (tokens) => Buffer.from(JSON.stringify({ input_tokens: tokens })),
}
