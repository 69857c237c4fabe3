import type { HeaderView } from "../core/byte-source.ts"
import type { PushedBody, Reply } from "../core/exchange.ts"
import type { ServerSettings } from "../core/settings.ts"
import { type Bytes, compress, isCompressible, MIN_SIZE } from "./compression.ts"
import { applyCors } from "./cors.ts"
import { directStream } from "./direct-stream.ts"

/** A reply as it is sent. */
export interface Sent {
  status: number
  headers: Record<string, string> | Headers
  body: Bytes | PushedBody
}

/** A reply as an HTTP response: compressed where it pays, readable for allowed origins. */
export function toResponse(
  { headers }: { headers: HeaderView },
  reply: Reply,
  settings: ServerSettings,
): Response | Promise<Response> {
  const sent = prepareReply(headers, reply, settings)
  return sent instanceof Promise ? sent.then(responseOf) : responseOf(sent)
}

function responseOf({ status, headers, body }: Sent): Response {
  return new Response(body instanceof Uint8Array ? body : directStream(body), { status, headers })
}

/**
 * What is sent for a reply: compressed where it pays, readable for allowed origins.
 *
 * @param asked the request's headers
 */
export function prepareReply(
  asked: HeaderView,
  { status, headers, body }: Reply,
  { cors, compression }: ServerSettings,
): Sent | Promise<Sent> {
  if (!(body instanceof Uint8Array)) {
    return { status, headers: cors ? withCors(asked, headers, cors) : headers, body }
  }
  const bytes = body as Bytes
  const large = compression && bytes.length >= MIN_SIZE
  const accepted = large ? asked.get("accept-encoding") : null
  // The common cases need no `Headers` object.
  if (!cors && accepted === null) {
    const varies = large && isCompressible(headers)
    const own = varies && !headers["vary"] ? { ...headers, vary: "Accept-Encoding" } : headers
    return { status, headers: own, body: bytes }
  }
  const own = cors ? withCors(asked, headers, cors) : new Headers(headers)
  const packed = large ? compress(bytes, own, accepted) : bytes
  return packed instanceof Promise
    ? later(status, own, packed)
    : { status, headers: own, body: packed }
}

async function later(status: number, headers: Headers, body: Promise<Bytes>): Promise<Sent> {
  return { status, headers, body: await body }
}

function withCors(
  asked: HeaderView,
  headers: Record<string, string>,
  cors: NonNullable<ServerSettings["cors"]>,
): Headers {
  const own = new Headers(headers)
  applyCors(own, cors, asked.get("origin"))
  return own
}

/** A JSON document as a reply. */
export function jsonReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(value)),
  }
}
