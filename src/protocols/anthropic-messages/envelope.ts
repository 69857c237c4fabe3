import { readNeed } from "../../canonical/needs.ts"
import { removedLosses } from "../../transport/removed-fields.ts"
import type { CanonicalRequest, Loss } from "../../core/canonical.ts"
import type { Need } from "../../core/needs.ts"
import type {
  RequestEnvelope,
  RequestFacts,
  RequestHead,
  RequestPatch,
} from "../../core/protocol.ts"
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

/** A Messages request. @throws GatewayError `invalid-request` */
export function openEnvelope(head: RequestHead, body: Uint8Array): RequestEnvelope {
  const opened = openRequestBody(body, DECISIVE)
  return new MessagesEnvelope(opened, readFacts(head, opened))
}

/** What routing reads of it, and how it is rewritten without being parsed. */
class MessagesEnvelope implements RequestEnvelope {
  readonly facts: RequestFacts
  readonly #opened: RequestBody
  #decoded: CanonicalRequest | undefined

  constructor(opened: RequestBody, facts: RequestFacts) {
    this.facts = facts
    this.#opened = opened
  }

  losses(removed: readonly string[]): readonly Loss[] {
    const { bytes, scan } = this.#opened
    return removedLosses(bytes, scan.fields, removed, HARMLESS)
  }

  rewrite({ model, extraBody, remove = [] }: RequestPatch): {
    body: Uint8Array
    contentType: string
  } {
    const opened = this.#opened
    const body = opened.bytes
    const messages = opened.get("messages")
    const own = messages && withoutForeignState(body, messages.start)
    const set = own === undefined ? extraBody : new Map([...extraBody, ["messages", own]])
    // Some platforms have the model in the URL and refuse it here.
    const spliced = remove.includes("model")
      ? spliceObject(body, { set, remove }, opened.scan)
      : spliceModel(body, opened, model, set, remove)
    return { body: spliced, contentType: "application/json" }
  }

  decode(): CanonicalRequest {
    this.#decoded ??= decodeRequest(this.#opened.bytes, this.facts)
    return this.#decoded
  }

  needs(need: Need): boolean {
    const { bytes } = this.#opened
    const signs = needSigns(bytes, this.#opened, this.facts)
    return readNeed(need, bytes, signs, () => this.decode())
  }

  session(): string | undefined {
    return sessionOf(this.#opened.bytes, this.#opened)
  }

  forget(): void {
    this.#opened.forget()
    this.#decoded = undefined
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
