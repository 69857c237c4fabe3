import { readNeed } from "../../canonical/needs.ts"
import { removedLosses } from "../../transport/removed-fields.ts"
import type { CanonicalRequest } from "../../core/canonical.ts"
import type { Operation } from "../../core/operation.ts"
import type { RequestEnvelope, RequestFacts } from "../../core/protocol.ts"
import { spliceModel } from "../../transport/model-splice.ts"
import { openRequestBody, type RequestBody } from "../../transport/request-body.ts"
import { continueFrom, conversationOf } from "./continue.ts"
import { decodeResponsesRequest } from "./decode-request.ts"
import { withoutForeignItems } from "./foreign-items.ts"
import { invalid } from "./invalid.ts"
import { needSigns } from "./needs.ts"
import { citedAnswers, withItems } from "./references.ts"
import { sessionOf } from "./session.ts"

/** Members that mean nothing to the answer. */
const HARMLESS = new Set(
  `stream_options user safety_identifier store metadata prompt_cache_key prompt_cache_options
  prompt_cache_retention`.split(/\s+/),
)

/**
 * A request: what routing reads of it, and how it is rewritten without being parsed.
 *
 * @throws GatewayError `invalid-request`
 */
export function openEnvelope(operation: Operation, body: Uint8Array): RequestEnvelope {
  const opened = openRequestBody(body, DECISIVE)
  const asked = opened.get("input")
  const cited = asked ? citedAnswers(body, asked) : []
  const facts = { ...readFacts(operation, opened), ...(cited.length > 0 && { cited }) }
  let decoded: CanonicalRequest | undefined
  const decode = () => {
    decoded ??= decodeResponsesRequest(opened.bytes, operation)
    return decoded
  }
  return {
    facts,
    losses: (removed) => removedLosses(opened.bytes, opened.scan.fields, removed, HARMLESS),
    rewrite({ model, extraBody, remove = [] }) {
      const { bytes } = opened
      const cleaned = asked && withoutForeignItems(bytes, asked)
      const set = cleaned === undefined ? extraBody : new Map([["input", cleaned], ...extraBody])
      return {
        body: spliceModel(bytes, opened, model, set, remove),
        contentType: "application/json",
      }
    },
    decode,
    needs: (need) => readNeed(need, opened.bytes, needSigns(opened.bytes, opened, facts), decode),
    ...(asked &&
      cited.length > 0 && {
        withItems: (answer) => openEnvelope(operation, withItems(opened.bytes, asked, answer)),
      }),
    session: () => sessionOf(opened.bytes, opened),
    conversation: () => conversationOf(opened.bytes),
    continueFrom: (previous) => ({
      ...openEnvelope(operation, continueFrom(opened.bytes, previous)),
      conversation: () => conversationOf(opened.bytes, previous),
    }),
    forget() {
      opened.forget()
      decoded = undefined
    },
  }
}

const DECISIVE = ["model", "stream", "max_output_tokens", "previous_response_id", "store"]

function readFacts(operation: Operation, opened: RequestBody): RequestFacts {
  const model = opened.scalar("model") ?? ""
  if (typeof model !== "string") throw invalid("`model` must be a string.", "model")
  const stream = opened.scalar("stream") ?? false
  if (typeof stream !== "boolean") throw invalid("`stream` must be true or false.", "stream")
  const previous = opened.scalar("previous_response_id") ?? ""
  if (typeof previous !== "string") {
    throw invalid("`previous_response_id` must be a string.", "previous_response_id")
  }
  const maxTokens = opened.scalar("max_output_tokens")
  const asked = operation === "chat"
  return {
    model,
    stream: asked && stream,
    ...(typeof maxTokens === "number" && { maxTokens }),
    ...(previous !== "" && { previous }),
    // Kept unless the caller says otherwise: https://platform.openai.com/docs/api-reference/responses/create
    ...(asked && opened.scalar("store") !== false && { keep: true }),
  }
}
