import { GatewayError } from "../../core/error.ts"
import type { Operation } from "../../core/operation.ts"
import type { AnswerFacts, Upstream } from "../../core/protocol.ts"
import { parseField, scanObject } from "../../transport/json-scan.ts"
import { createDecoder, decodeAnswer } from "./decode-answer.ts"
import { embeddings } from "./embeddings.ts"
import { encodeRequest } from "./encode-request.ts"
import type { JsonEnvelope } from "./json-envelope.ts"
import { mendAnswer } from "./repair-answer.ts"
import { createRepair } from "./repair.ts"
import { rateLimits } from "./rate-limits.ts"
import { PATHS } from "./routes.ts"
import { createStreamRelay } from "./stream.ts"
import { decodeError, errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"

/** Answers that are one JSON document. Audio is bytes; a transcription may be plain text. */
const JSON_ANSWERS: ReadonlySet<Operation> = new Set([
  "chat",
  "completion",
  "embeddings",
  "moderation",
  "images",
  "rerank",
])

/** Where these operations put what was asked for; some servers use another one's. */
const ANSWER_KEYS: ReadonlySet<string> = new Set(["choices", "data", "results", "output"])

export const upstream: Upstream = {
  path({ operation }) {
    const path = PATHS[operation]
    if (!path) throw new GatewayError("internal", `No path for the operation ${operation}.`)
    return path
  },
  decodeError,
  rateLimits,
  answersJson: (operation) => JSON_ANSWERS.has(operation),
  inspectAnswer,
  mendAnswer: (operation, body) => (operation === "chat" ? mendAnswer(body) : body),
  relayStream: (_operation, envelope, { capabilities }) =>
    createStreamRelay(
      (envelope as Partial<JsonEnvelope>).asksUsage === true,
      capabilities.unclean ? createRepair() : undefined,
    ),
  chat: { encodeRequest, decodeAnswer, createDecoder },
  embeddings,
}

function inspectAnswer(operation: Operation, body: Uint8Array): AnswerFacts {
  const scan = scanObject(body)
  if (!scan || scan.fields.length === 0) {
    throw new GatewayError(
      "upstream-invalid",
      body.length === 0
        ? "The upstream answered 200 with an empty body."
        : "The upstream answered 200 with something that is no JSON object.",
      { code: "upstream_invalid" },
    )
  }
  let usage: AnswerFacts["usage"]
  let answers = false
  for (const field of scan.fields) {
    answers ||= ANSWER_KEYS.has(field.key)
    if (field.key === "usage") usage = readUsage(parse(body, field))
    if (field.key === "error") {
      const error = parse(body, field)
      if (error) throw errorWithin(error)
    }
  }
  if (answers || !JSON_ANSWERS.has(operation)) return { usage }
  throw new GatewayError(
    "upstream-invalid",
    `The upstream answered 200 without an answer (${scan.fields.map(({ key }) => key).slice(0, 5)}).`,
    { code: "upstream_invalid" },
  )
}

function parse(body: Uint8Array, field: Parameters<typeof parseField>[1]): unknown {
  try {
    return parseField(body, field)
  } catch (cause) {
    throw new GatewayError("upstream-invalid", "The upstream answered 200 with broken JSON.", {
      code: "upstream_invalid",
      cause,
    })
  }
}
