import type { Reply } from "../core/exchange.ts"
import type { ServerSettings } from "../core/settings.ts"
import { type Bytes, compress, MIN_SIZE } from "./compression.ts"
import { applyCors } from "./cors.ts"

/** A reply as an HTTP response: compressed where it pays, readable for allowed origins. */
export async function toResponse(
  request: Request,
  { status, headers, body }: Reply,
  settings: ServerSettings,
): Promise<Response> {
  const whole = !(body instanceof ReadableStream)
  // The common case needs no `Headers` object.
  if (!settings.cors && !(whole && settings.compression && body.length >= MIN_SIZE)) {
    return new Response(body as BodyInit, { status, headers })
  }
  const own = new Headers(headers)
  if (settings.cors) applyCors(own, settings.cors, request.headers.get("origin"))
  const packed =
    whole && settings.compression
      ? await compress(body as Bytes, own, request.headers.get("accept-encoding"))
      : body
  return new Response(packed as BodyInit, { status, headers: own })
}

/** A JSON document as a reply. */
export function jsonReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(value)),
  }
}
