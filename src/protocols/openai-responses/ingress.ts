import type { Ingress } from "../../core/protocol.ts"
import { chatEncoder } from "./chat-encoder.ts"
import { isCompaction, openCompaction } from "./compact.ts"
import { errorBody, statusOf } from "./encode-error.ts"
import { openEnvelope } from "./envelope.ts"
import { failedStream } from "./failure.ts"
import { resources } from "./resources.ts"
import { routes } from "./routes.ts"

export const ingress: Ingress = {
  routes,
  resources,
  prefixes: ["/openai"],
  inspect({ operation, path }, body) {
    const envelope = openEnvelope(operation, body)
    return isCompaction(path) ? openCompaction(envelope) : envelope
  },
  encodeError: errorBody,
  statusOf,
  encodeStreamError: failedStream,
  keepAlive: Buffer.from(": keepalive\n\n"),
  comments: true,
  chat: chatEncoder,
  encodeCount: (tokens) =>
    Buffer.from(JSON.stringify({ object: "response.input_tokens", input_tokens: tokens })),
}
