import type { Ingress } from "../../core/protocol.ts"
import { encodeAnswer } from "./encode-answer.ts"
import { encodeEmbeddings } from "./embeddings.ts"
import { createStream } from "./encode-stream.ts"
import { encodeError, encodeStreamError, statusOf } from "./error-body.ts"
import { openJson } from "./json-envelope.ts"
import { models } from "./models.ts"
import { openMultipart } from "./multipart-envelope.ts"
import { paramName } from "./param-names.ts"
import { routes } from "./routes.ts"

const multipart = new Set(
  routes.filter((route) => route.body === "multipart").map((route) => route.operation),
)

export const ingress: Ingress = {
  routes,
  prefixes: ["/openai"],
  models,
  inspect: ({ operation, headers }, body) =>
    multipart.has(operation)
      ? openMultipart(body, headers.get("content-type") ?? "")
      : openJson(operation, body),
  encodeError,
  statusOf,
  encodeStreamError,
  keepAlive: Buffer.from(": keepalive\n\n"),
  comments: true,
  chat: { encodeAnswer, createStream, paramName },
  encodeEmbeddings,
}
