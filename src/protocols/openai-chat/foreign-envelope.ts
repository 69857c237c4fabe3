import type { CanonicalRequest } from "../../core/canonical.ts"
import type { RequestEnvelope, RequestFacts } from "../../core/protocol.ts"
import { parseField, scanObject } from "../../transport/json-scan.ts"
import { spliceObject } from "../../transport/json-splice.ts"
import type { RequestBody } from "../../transport/request-body.ts"
import { decodeResponsesRequest } from "../openai-responses/decode-request.ts"
import { needSigns } from "../openai-responses/needs.ts"
import { sessionOf } from "../openai-responses/session.ts"
import { encodeRequest } from "./encode-request.ts"
import { readNeed } from "../../canonical/needs.ts"
import { isRecord } from "../../canonical/record.ts"

/**
 * A body in the shape of the Responses API that was sent to the chat route, as Cursor does for models
 * that it knows. It is served as chat: an upstream of this protocol gets it rewritten.
 */
export function openForeign(
  opened: RequestBody,
  facts: RequestFacts,
): RequestEnvelope & { readonly asksUsage: boolean } {
  let decoded: CanonicalRequest | undefined
  const decode = (): CanonicalRequest => {
    decoded ??= decodeResponsesRequest(opened.bytes)
    return decoded
  }
  return {
    facts,
    asksUsage: facts.stream && !wantsUsage(opened.bytes),
    decode,
    needs: (need) => readNeed(need, opened.bytes, needSigns(opened.bytes, opened, facts), decode),
    session: () => sessionOf(opened.bytes, opened),
    rewrite({ model, extraBody, remove = [] }) {
      const target = { model, stream: facts.stream, family: "", capabilities: {} }
      const chat = encodeRequest(decode(), target).body
      return {
        body: spliceObject(chat, { set: extraBody, remove }),
        contentType: "application/json",
      }
    },
    forget() {
      opened.forget()
      decoded = undefined
    },
  }
}

function wantsUsage(body: Uint8Array): boolean {
  const field = scanObject(body)?.fields.findLast(({ key }) => key === "stream_options")
  const options = field && parseField(body, field)
  return isRecord(options) && options["include_usage"] === true
}
