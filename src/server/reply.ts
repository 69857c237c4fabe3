import { type GatewayError, toGatewayError } from "../core/error.ts"
import type { Reply } from "../core/exchange.ts"
import type { Ingress } from "../core/protocol.ts"
import type { ServerSettings } from "../core/settings.ts"
import { type Bytes, compress } from "./compression.ts"
import { applyCors } from "./cors.ts"

/** A reply as an HTTP response: compressed where it pays, readable for allowed origins. */
export async function toResponse(
  request: Request,
  { status, headers, body }: Reply,
  settings: ServerSettings,
): Promise<Response> {
  if (settings.cors) applyCors(headers, settings.cors, request.headers.get("origin"))
  if (body instanceof ReadableStream) return new Response(body, { status, headers })
  const bytes = body as Bytes
  const packed = settings.compression
    ? await compress(bytes, headers, request.headers.get("accept-encoding"))
    : bytes
  return new Response(packed, { status, headers })
}

/** An error of a request that never became an exchange. */
export function errorReply(ingress: Ingress, thrown: unknown, id: string): Reply {
  const error: GatewayError = toGatewayError(thrown)
  return {
    status: error.status,
    headers: new Headers({ "content-type": "application/json", "x-request-id": id }),
    body: Buffer.from(ingress.encodeError(error, id)),
  }
}

/** A JSON document as a reply. */
export function jsonReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: new Headers({ "content-type": "application/json" }),
    body: Buffer.from(JSON.stringify(value)),
  }
}
