import { readNeed } from "../../canonical/needs.ts"
import { removedLosses } from "../../transport/removed-fields.ts"
import type { RequestEnvelope, RequestFacts, RequestHead } from "../../core/protocol.ts"
import { spliceObject } from "../../transport/json-splice.ts"
import { spliceModel } from "../../transport/model-splice.ts"
import { openRequestBody, type RequestBody } from "../../transport/request-body.ts"
import { decodeRequest } from "./decode-request.ts"
import { withoutForeignState } from "./foreign-state.ts"
import { invalid } from "./invalid.ts"
import { needSigns } from "./needs.ts"
import { sessionOf } from "./session.ts"

const DECISIVE = ["model", "stream", "max_tokens"]

/** Members that mean nothing to the answer. */
const HARMLESS = new Set(["metadata"])

/** A Messages request: what routing reads of it, and how it is rewritten without being parsed. */
export function openEnvelope(head: RequestHead, body: Uint8Array): RequestEnvelope {
  const opened = openRequestBody(body, DECISIVE)
  const facts = readFacts(head, opened)
  return {
    facts,
    losses: (removed) => removedLosses(body, opened.scan.fields, removed, HARMLESS),
    rewrite({ model, extraBody, remove = [] }) {
      const messages = opened.get("messages")
      const own = messages && withoutForeignState(body, messages.start)
      const set = own === undefined ? extraBody : new Map([...extraBody, ["messages", own]])
      // Some platforms have the model in the URL and refuse it here.
      const spliced = remove.includes("model")
        ? spliceObject(body, { set, remove }, opened.scan)
        : spliceModel(body, opened, model, { set, remove })
      return { body: spliced, contentType: "application/json" }
    },
    decode: () => decodeRequest(body, facts),
    needs(need) {
      return readNeed(need, body, needSigns(body, opened, facts), () => this.decode!())
    },
    session: () => sessionOf(body, opened),
  }
}

function readFacts(head: RequestHead, opened: RequestBody): RequestFacts {
  const model = opened.scalar("model") ?? ""
  if (typeof model !== "string") throw invalid("model: Input should be a valid string", "model")
  const wish = opened.scalar("stream") ?? false
  if (typeof wish !== "boolean") throw invalid("stream: Input should be a valid boolean", "stream")
  const maxTokens = opened.scalar("max_tokens")
  return {
    model,
    stream: wish && head.operation === "chat",
    ...(typeof maxTokens === "number" && { maxTokens }),
  }
}
