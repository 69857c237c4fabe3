import type { ByteSource, HeaderView } from "../../core/byte-source.ts"
import { GatewayError } from "../../core/error.ts"
import type { IncomingResponse } from "../../core/provider.ts"
import { awsError, readAwsError } from "../../transport/aws-error.ts"
import { bytesOf, type Mapped, mapSource, sourceOfIterable } from "../../transport/byte-sources.ts"
import { type Frame, FrameCutter } from "../../transport/aws-event-stream.ts"

/** An answer of InvokeModel as Anthropic's own API would give it: SSE instead of AWS's frames, errors in its words. */
export function messagesAnswer(response: IncomingResponse): IncomingResponse {
  const { status, headers, body } = response
  if (status >= 400) return errorAnswer(response)
  if (!body || !/\bvnd\.amazon\.eventstream\b/.test(headers.get("content-type") ?? "")) {
    return response
  }
  return { status, headers: typed(headers, "text/event-stream"), body: eventsOf(body) }
}

function typed(headers: HeaderView, contentType: string): HeaderView {
  const own = new Headers({ "content-type": contentType })
  headers.forEach((value, name) => {
    if (name !== "content-length" && name !== "content-type") own.set(name, value)
  })
  return own
}

/** Reads a frame only when it is asked for an event, so that a slow reader slows the upstream. */
function eventsOf(frames: ByteSource): ByteSource {
  const cutter = new FrameCutter()
  return mapSource(frames, read)

  /** The events in a piece of the stream, up to the first error. */
  function read(chunk: Uint8Array): Mapped {
    let events = ""
    let last = false
    try {
      for (const frame of cutter.push(chunk)) events += eventIn(frame)
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown
      last = true
      events += sse("error", JSON.stringify(errorBody(thrown).body))
    }
    return { bytes: events === "" ? undefined : Buffer.from(events), last }
  }
}

/** @throws GatewayError for an exception, and for what cannot be understood */
function eventIn({ headers, payload }: Frame): string {
  const header = (name: string) => String(headers.get(name) ?? "")
  const type = header(":message-type")
  if (type === "error") throw awsError(header(":error-code"), header(":error-message"), undefined)
  const value = parse(payload.toString("utf8"))
  if (type === "exception") {
    const message = value["message"] ?? value["originalMessage"]
    throw awsError(header(":exception-type"), typeof message === "string" ? message : "", undefined)
  }
  if (typeof value["bytes"] !== "string") return ""
  const event = Buffer.from(value["bytes"], "base64").toString("utf8")
  return sse(String(parse(event)["type"] ?? "message"), event)
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || "{}")
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>
  } catch {}
  throw new GatewayError("upstream-invalid", "The upstream sent an event that is no JSON.")
}

function sse(event: string, json: string): string {
  // Between members, JSON may have line breaks.
  return `event: ${event}\n${json
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}`)
    .join("\n")}\n\n`
}

function errorAnswer({ status, headers, body }: IncomingResponse): IncomingResponse {
  // Its status says what went wrong to those who do not know AWS's words, so it is needed at once;
  // the message, which may say more, comes with the body.
  const early = errorBody(awsError(readAwsError(headers, NOTHING).name, "", status))
  async function* translated(): AsyncGenerator<Uint8Array> {
    const { name, message } = readAwsError(headers, await bytesOf(body, MOST))
    yield Buffer.from(JSON.stringify(errorBody(awsError(name, message, status)).body))
  }
  return {
    status: early.status,
    headers: typed(headers, "application/json"),
    body: sourceOfIterable(translated(), () => body?.cancel()),
  }
}

const NOTHING = new Uint8Array()

/** Bytes of an error that are read. */
const MOST = 256 * 1024

/** An error in the words and with the status of Anthropic's API. */
function errorBody(error: GatewayError) {
  const [type, status] = wordsOf(error)
  const known =
    error.detail.reason === "context-length" && !/prompt is too long/.test(error.message)
  // Agents look for these words.
  const message = known ? `prompt is too long: ${error.message}` : error.message
  return { status, body: { type: "error", error: { type, message } } }
}

/** https://platform.claude.com/docs/en/api/errors */
function wordsOf({ kind, detail, status }: GatewayError): readonly [type: string, status: number] {
  if (detail.reason === "billing") return ["billing_error", 402]
  if (detail.reason === "permission") return ["permission_error", 403]
  if (detail.reason === "overloaded") return ["overloaded_error", 529]
  switch (kind) {
    case "upstream-rate-limited":
      return ["rate_limit_error", 429]
    case "upstream-unauthorized":
      return ["authentication_error", 401]
    case "upstream-model-missing":
      return ["not_found_error", 404]
    case "upstream-timeout":
      return ["timeout_error", 504]
    case "unsupported":
    case "upstream-rejected":
      return status === 413 ? ["request_too_large", 413] : ["invalid_request_error", 400]
    default:
      return ["api_error", 500]
  }
}
