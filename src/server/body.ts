import { GatewayError } from "../core/error.ts"

/**
 * The whole request body, as a Buffer: whoever looks for something in it has not to make one.
 *
 * @param limit bytes. A declared length above it is refused before anything is read
 * @throws GatewayError `too-large`, `invalid-request` for a compressed body
 */
export async function readBody(request: Request, limit: number): Promise<Buffer> {
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
  if (declared === null) return request.body ? readUpTo(request.body, limit) : Buffer.alloc(0)
  if (Number(declared) > limit) throw tooLarge(limit)
  return Buffer.from(await request.arrayBuffer())
}

async function readUpTo(body: ReadableStream<Uint8Array>, limit: number): Promise<Buffer> {
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
