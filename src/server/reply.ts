import type { Reply } from "../core/exchange.ts"
import type { ServerSettings } from "../core/settings.ts"
import { type Bytes, compress, isCompressible, MIN_SIZE } from "./compression.ts"
import { applyCors } from "./cors.ts"
import { directStream } from "./direct-stream.ts"

/** A reply as an HTTP response: compressed where it pays, readable for allowed origins. */
export function toResponse(
  request: Request,
  { status, headers, body }: Reply,
  { cors, compression }: ServerSettings,
): Response | Promise<Response> {
  if (!(body instanceof Uint8Array)) {
    const stream = directStream(body)
    if (!cors) return new Response(stream, { status, headers })
    return new Response(stream, { status, headers: withCors(request, headers, cors) })
  }
  const bytes = body as Bytes
  const large = compression && bytes.length >= MIN_SIZE
  const accepted = large ? request.headers.get("accept-encoding") : null
  // The common cases need no `Headers` object.
  if (!cors && accepted === null) {
    const varies = large && isCompressible((name) => headers[name])
    const own = varies && !headers["vary"] ? { ...headers, vary: "Accept-Encoding" } : headers
    return new Response(bytes, { status, headers: own })
  }
  const own = cors ? withCors(request, headers, cors) : new Headers(headers)
  const packed = large ? compress(bytes, own, accepted) : bytes
  if (packed instanceof Promise) {
    return packed.then((done) => new Response(done, { status, headers: own }))
  }
  return new Response(packed, { status, headers: own })
}

function withCors(
  request: Request,
  headers: Record<string, string>,
  cors: NonNullable<ServerSettings["cors"]>,
): Headers {
  const own = new Headers(headers)
  applyCors(own, cors, request.headers.get("origin"))
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
