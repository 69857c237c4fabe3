import { GatewayError } from "../core/error.ts"

/**
 * The whole request body.
 *
 * @param limit bytes. A declared length above it is refused before anything is read
 * @throws GatewayError `too-large`, `invalid-request` for a compressed body
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const { headers } = request
  const coding = headers.get("content-encoding")
  if (coding && coding !== "identity") {
    throw new GatewayError(
      "invalid-request",
      `Request bodies cannot be compressed (\`Content-Encoding: ${coding.slice(0, 20)}\`).`,
      { status: 415, code: "unsupported_encoding" },
    )
  }
  const declared = headers.get("content-length")
  if (declared === null) return request.body ? readUpTo(request.body, limit) : new Uint8Array()
  if (Number(declared) > limit) throw tooLarge(limit)
  return request.bytes()
}

async function readUpTo(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(parts)
    size += value.length
    if (size > limit) {
      reader.cancel().catch(() => {})
      throw tooLarge(limit)
    }
    parts.push(value)
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError(
    "too-large",
    `The request body is larger than ${limit} bytes (\`limits.body\` of the router's config).`,
    { code: "request_too_large" },
  )
}
