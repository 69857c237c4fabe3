import { GatewayError } from "../../core/error.ts"
import type { Operation } from "../../core/operation.ts"
import type { AnswerFacts, Upstream } from "../../core/protocol.ts"
import { type MemberSink, parseValue, scanObject, skimObject } from "../../transport/json-scan.ts"
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
  const found = new AnswerMembers()
  if (skimObject(body, found) < 0 || found.empty) throw noObject(body)
  if (found.errors) throwError(body)
  if (!found.answers && JSON_ANSWERS.has(operation)) throw noAnswer(body)
  const { usage, usageEnd } = found
  return { usage: usage < 0 ? undefined : readUsage(parse(body, usage, usageEnd)) }
}

/** What of an answer is looked at. */
class AnswerMembers implements MemberSink {
  empty = true
  answers = false
  errors = false
  /** Where the last of them stands. */
  usage = -1
  usageEnd = -1

  member(key: string, start: number, end: number): void {
    this.empty = false
    if (key === "usage") {
      this.usage = start
      this.usageEnd = end
    } else if (key === "error") this.errors = true
    else if (ANSWER_KEYS.has(key)) this.answers = true
  }
}

function noObject({ length }: Uint8Array): GatewayError {
  return new GatewayError(
    "upstream-invalid",
    length === 0
      ? "The upstream answered 200 with an empty body."
      : "The upstream answered 200 with something that is no JSON object.",
    { code: "upstream_invalid" },
  )
}

function noAnswer(body: Uint8Array): GatewayError {
  const names = scanObject(body)?.fields.map(({ key }) => key) ?? []
  return new GatewayError(
    "upstream-invalid",
    `The upstream answered 200 without an answer (${names.slice(0, 5)}).`,
    { code: "upstream_invalid" },
  )
}

/** Some say that there is no error. */
function throwError(body: Uint8Array): void {
  for (const field of scanObject(body)?.fields ?? []) {
    const error = field.key === "error" && parse(body, field.start, field.end)
    if (error) throw errorWithin(error)
  }
}

function parse(body: Uint8Array, start: number, end: number): unknown {
  try {
    return parseValue(body, start, end)
  } catch (cause) {
    throw new GatewayError("upstream-invalid", "The upstream answered 200 with broken JSON.", {
      code: "upstream_invalid",
      cause,
    })
  }
}
