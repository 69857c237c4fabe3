import { readNeed } from "../../canonical/needs.ts"
import { removedLosses } from "../../transport/removed-fields.ts"
import type { CanonicalRequest } from "../../core/canonical.ts"
import type { RequestEnvelope, RequestFacts, RequestHead } from "../../core/protocol.ts"
import {
  asBuffer,
  type JsonField,
  type JsonObjectScan,
  parseField,
  scanObject,
} from "../../transport/json-scan.ts"
import { spliceObject } from "../../transport/json-splice.ts"
import { RequestBody } from "../../transport/request-body.ts"
import { decodeRequest, parseBody } from "./decode-request.ts"
import { decodeEmbeddings } from "./embeddings-ingress.ts"
import { type Fields, fieldsOf, invalid, numberOf, snakeCase, textOf } from "./fields.ts"
import { ACTIONS, readPath, resourceName } from "./routes.ts"
import { sessionOf } from "./session.ts"
import { needSigns } from "./needs.ts"
import { NO_SIGNATURE } from "./signature.ts"

/** How a signature begins that we sealed for another provider. */
const SEALED = Buffer.from("Z3dyMX")

/** Members that mean nothing to the answer. */
const HARMLESS = new Set(["labels", "store"])

/** @throws GatewayError `invalid-request`, `not-found` */
export function openRequest(head: RequestHead, body: Uint8Array): RequestEnvelope {
  const { model, action } = readPath(head.path)
  const scan = scanned(body)
  const opened = new RequestBody(body, scan)
  const stream = action === "streamGenerateContent"
  const facts: RequestFacts = { model, stream, ...readLimit(body, scan) }
  const envelope: RequestEnvelope = {
    facts,
    losses: (removed) => removedLosses(opened.bytes, scan.fields, removed, HARMLESS),
    rewrite({ model: upstream, extraBody, remove = [] }) {
      const { bytes } = opened
      const set = new Map(extraBody)
      for (const [name, json] of namedModels(bytes, scan, upstream)) {
        if (!set.has(name)) set.set(name, json)
      }
      const own = withoutSealed(bytes)
      const changed =
        set.size > 0 || remove.length > 0
          ? spliceObject(own, { set, remove }, own === bytes ? scan : undefined)
          : own
      return { body: changed, contentType: "application/json" }
    },
  }
  if (ACTIONS[action] === "embeddings") {
    return { ...envelope, decodeEmbeddings: () => decodeEmbeddings(opened.bytes, model) }
  }
  let decoded: CanonicalRequest | undefined
  return {
    ...envelope,
    session: () => sessionOf(opened.bytes, (name) => field(scan, name)),
    decode() {
      decoded ??= decodeRequest(opened.bytes, facts)
      return decoded
    },
    needs(need) {
      const { bytes } = opened
      return readNeed(need, bytes, needSigns(bytes, scan, facts), () => this.decode!())
    },
    forget() {
      opened.forget()
      decoded = undefined
    },
  }
}

function scanned(body: Uint8Array): JsonObjectScan {
  const scan = scanObject(body)
  if (scan) return scan
  // Says what is wrong with it.
  parseBody(body)
  throw invalid("The request body must be a JSON object.")
}

function field(scan: JsonObjectScan, name: string): JsonField | undefined {
  const snake = snakeCase(name)
  return scan.fields.findLast(({ key }) => key === name || key === snake)
}

function readLimit(body: Uint8Array, scan: JsonObjectScan): { maxTokens?: number } {
  const config = field(scan, "generationConfig")
  const inner = config && scanObject(body, config.start, false)
  const limit = inner && field(inner, "maxOutputTokens")
  const first = limit && body[limit.start]
  // What is no number is the upstream's to refuse.
  if (!limit || first === 0x7b || first === 0x5b) return {}
  const maxTokens = numberOf(parseField(body, limit))
  return maxTokens === undefined ? {} : { maxTokens }
}

/** The places where a body repeats the model that its path names; both have to agree. */
function namedModels(body: Uint8Array, scan: JsonObjectScan, model: string): Map<string, string> {
  const name = resourceName(model)
  const changes = new Map<string, string>()
  const own = field(scan, "model")
  if (own) changes.set(own.key, JSON.stringify(name))
  const counted = field(scan, "generateContentRequest")
  if (counted && body[counted.start] === 0x7b) {
    const inner = asBuffer(body).subarray(counted.start, counted.end)
    const set = new Map([["model", JSON.stringify(name)]])
    changes.set(counted.key, asBuffer(spliceObject(inner, { set, remove: [] })).toString("utf8"))
  }
  const requests = field(scan, "requests")
  if (requests && body[requests.start] === 0x5b) {
    const list = parseField(body, requests) as unknown[]
    const renamed = list.map((entry): Fields => ({ ...fieldsOf(entry), model: name }))
    if (list.some((entry) => textOf(fieldsOf(entry)["model"]) !== name)) {
      changes.set(requests.key, JSON.stringify(renamed))
    }
  }
  return changes
}

/** The body without signatures of other providers, which this one would refuse. */
function withoutSealed(body: Uint8Array): Uint8Array {
  const buffer = asBuffer(body)
  if (!buffer.includes(SEALED)) return body
  const text = buffer.toString("utf8")
  return Buffer.from(
    text.replace(/("thought(?:Signature|_signature)"\s*:\s*)"Z3dyMX[^"]*"/g, `$1"${NO_SIGNATURE}"`),
  )
}
