import { readNeed } from "../../canonical/needs.ts"
import { removedLosses } from "../../transport/removed-fields.ts"
import type { CanonicalRequest, Loss } from "../../core/canonical.ts"
import type { EmbeddingRequest } from "../../core/embedding.ts"
import type { Need } from "../../core/needs.ts"
import type { Operation } from "../../core/operation.ts"
import type { RequestEnvelope, RequestFacts, RequestPatch } from "../../core/protocol.ts"
import { asBuffer, scanObject } from "../../transport/json-scan.ts"
import { spliceModel } from "../../transport/model-splice.ts"
import { openRequestBody, parseScalar, type RequestBody } from "../../transport/request-body.ts"
import { decodeRequest } from "./decode-request.ts"
import { decodeEmbeddings } from "./embeddings.ts"
import { cleanMessages } from "./relayed-messages.ts"
import { openForeign } from "./foreign-envelope.ts"
import { invalid } from "./invalid.ts"
import { needSigns } from "./needs.ts"
import { chatSessionOf } from "./session.ts"

const USAGE_OPTIONS = "stream_options"
const WITH_USAGE: ReadonlySet<Operation> = new Set(["chat", "completion"])

/** @throws GatewayError `invalid-request` */
export function openJson(
  operation: Operation,
  body: Uint8Array,
): RequestEnvelope & { readonly asksUsage: boolean } {
  const opened = openRequestBody(body, DECISIVE)
  const facts = readFacts(operation, opened)
  if (operation === "chat" && opened.get("input") && !opened.get("messages")) {
    return openForeign(opened, facts)
  }
  const usage = facts.stream && WITH_USAGE.has(operation) ? askForUsage(opened) : undefined
  if (operation === "chat") return new ChatEnvelope(opened, facts, usage)
  if (operation === "embeddings") return new EmbeddingsEnvelope(opened, facts, usage)
  return new JsonEnvelope(opened, facts, usage)
}

/** A JSON request: what routing reads of it, and how it is rewritten without being parsed. */
export class JsonEnvelope implements RequestEnvelope {
  readonly facts: RequestFacts
  protected readonly opened: RequestBody
  readonly #usage: string | undefined

  /** @param usage the wish for a usage event, as JSON, where the caller has not got it */
  constructor(opened: RequestBody, facts: RequestFacts, usage: string | undefined) {
    this.facts = facts
    this.opened = opened
    this.#usage = usage
  }

  /** Whether the upstream is asked for a usage event that the caller did not ask for. */
  get asksUsage(): boolean {
    return this.#usage !== undefined
  }

  losses(removed: readonly string[]): readonly Loss[] {
    const { bytes, scan } = this.opened
    return removedLosses(bytes, scan.fields, removed, HARMLESS)
  }

  rewrite(patch: RequestPatch): { body: Uint8Array; contentType: string } {
    return { body: rewritten(this.opened, patch, this.#usage), contentType: "application/json" }
  }

  forget(): void {
    this.opened.forget()
  }
}

class EmbeddingsEnvelope extends JsonEnvelope {
  decodeEmbeddings(): EmbeddingRequest {
    return decodeEmbeddings(this.opened.bytes)
  }
}

class ChatEnvelope extends JsonEnvelope {
  #decoded: CanonicalRequest | undefined

  // What a class gets that has none makes a list of its arguments each time.
  constructor(opened: RequestBody, facts: RequestFacts, usage: string | undefined) {
    super(opened, facts, usage)
    this.#decoded = undefined
  }

  decode(): CanonicalRequest {
    this.#decoded ??= decodeRequest(this.opened.bytes, this.opened.all())
    return this.#decoded
  }

  needs(need: Need): boolean {
    const { opened, facts } = this
    const { bytes } = opened
    return readNeed(need, bytes, needSigns(bytes, opened, facts), () => this.decode())
  }

  session(): string | undefined {
    return chatSessionOf(this.opened.bytes, this.opened)
  }

  override forget(): void {
    super.forget()
    this.#decoded = undefined
  }
}

function rewritten(
  opened: RequestBody,
  { model, extraBody, remove = NOTHING, capabilities }: RequestPatch,
  usage: string | undefined,
): Uint8Array {
  const body = opened.bytes
  const strict = capabilities?.messageExtras === false
  const messages = cleanMessages(body, opened.get("messages"), strict)
  if (messages === undefined && usage === undefined) {
    return spliceModel(body, opened, model, extraBody, remove)
  }
  const set = new Map<string, string>()
  if (messages !== undefined) set.set("messages", messages)
  if (usage !== undefined && !remove.includes(USAGE_OPTIONS)) set.set(USAGE_OPTIONS, usage)
  for (const [name, json] of extraBody) set.set(name, json)
  return spliceModel(body, opened, model, set, remove)
}

const NOTHING: readonly string[] = Object.freeze([])

/** Members that mean nothing to the answer. */
const HARMLESS = new Set(
  `stream_options user safety_identifier store metadata prompt_cache_key prompt_cache_options
  prompt_cache_retention prediction`.split(/\s+/),
)

const DECISIVE = ["model", "stream", "max_tokens", "max_completion_tokens"]

function readFacts(operation: Operation, opened: RequestBody): RequestFacts {
  const model = opened.scalar("model") ?? ""
  if (typeof model !== "string") throw invalid("`model` must be a string.", "model")
  const stream =
    operation === "speech"
      ? opened.scalar("stream_format") === "sse"
      : (opened.scalar("stream") ?? false)
  if (typeof stream !== "boolean") throw invalid("`stream` must be true or false.", "stream")
  const maxTokens = opened.scalar("max_completion_tokens") ?? opened.scalar("max_tokens")
  return typeof maxTokens === "number" ? { model, stream, maxTokens } : { model, stream }
}

/** The `stream_options` with a wish for usage, as JSON; undefined when the caller has that wish itself. */
function askForUsage(opened: RequestBody): string | undefined {
  const body = opened.bytes
  const own = opened.get(USAGE_OPTIONS)
  if (!own || parseScalar(body, own) === null) return '{"include_usage":true}'
  const scan = scanObject(body, own.start, false)
  if (!scan) throw invalid("`stream_options` must be an object.", "stream_options")
  const wish = scan.fields.findLast(({ key }) => key === "include_usage")
  if (wish && parseScalar(body, wish) === true) return undefined
  const text = (from: number, to: number) => asBuffer(body).toString("utf8", from, to)
  if (wish) return `${text(scan.open, wish.start)}true${text(wish.end, scan.close + 1)}`
  const comma = scan.fields.length > 0 ? "," : ""
  return `{"include_usage":true${comma}${text(scan.open + 1, scan.close + 1)}`
}
