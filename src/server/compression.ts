import { lateZlib } from "../core/late-modules.ts"

/** Bytes that a `Response` takes as its body: not in shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A content coding that we can write. */
export type Encoding = "zstd" | "br" | "gzip"

/**
 * Best first among equals. On chat answers of 1 to 64 KB zstd takes half the time of the others and
 * ends up as small.
 */
const PREFERENCE: readonly Encoding[] = ["zstd", "br", "gzip"]

/** Bytes below which headers and decoding cost more than the saved packet. */
export const MIN_SIZE = 1024

/** Bytes up to which compressing takes well under a millisecond, less than handing it to a thread. */
const SYNC_LIMIT = 64 * 1024

const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|javascript|x-ndjson|jsonl)\b|image\/svg\+xml)/i

const ZSTD = { level: 1 }
const brotli = () => ({ params: { [lateZlib().constants.BROTLI_PARAM_QUALITY]: 1 } })

const sync: Record<Encoding, (body: Bytes) => Uint8Array> = {
  zstd: (body) => Bun.zstdCompressSync(body, ZSTD),
  br: (body) => lateZlib().brotliCompressSync(body, brotli()),
  // libdeflate's level 1 is as small as zlib's 3 in half the time.
  gzip: (body) => Bun.gzipSync(body, { level: 1, library: "libdeflate" }),
}

const offLoop: Record<Encoding, (body: Bytes) => Promise<Uint8Array>> = {
  zstd: (body) => Bun.zstdCompress(body, ZSTD),
  br: (body) => called((done) => lateZlib().brotliCompress(body, brotli(), done)),
  gzip: (body) => called((done) => lateZlib().gzip(body, { level: 3 }, done)),
}

type Done = (error: Error | null, packed: Uint8Array) => void

/** What a function calls back with. */
function called(work: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    work((error, packed) => (error ? reject(error) : resolve(packed)))
  })
}

/**
 * Picks the coding for an `Accept-Encoding` header; undefined is to send the body as it is. Only
 * the codings in `available` count. https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function negotiateEncoding(
  acceptEncoding: string | null,
  available: readonly Encoding[] = PREFERENCE,
): Encoding | undefined {
  if (!acceptEncoding) return undefined
  const weights = parseWeights(acceptEncoding)
  const others = weights.get("*")
  let best: Encoding | undefined
  let bestWeight = 0
  for (const encoding of available) {
    const weight = weights.get(encoding) ?? others ?? 0
    if (weight > bestWeight) {
      best = encoding
      bestWeight = weight
    }
  }
  // A client that names identity above every coding wants the plain body.
  return (weights.get("identity") ?? 0) > bestWeight ? undefined : best
}

function parseWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";")
    const q = parameters.map((each) => each.trim()).find((each) => each.startsWith("q="))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    // A weight that is not a number in 0..1 says nothing, so the coding is not used.
    const valid = weight >= 0 && weight <= 1
    weights.set(name.trim() === "x-gzip" ? "gzip" : name.trim(), valid ? weight : 0)
  }
  return weights
}

/**
 * Compresses the body of an answer that does not stream, where the client can read it and it pays,
 * and sets `Content-Encoding`, `Content-Length`, `Vary` and a weak `ETag` on `headers` to match.
 * @returns the bytes to send: at once for small bodies, from a thread for large ones.
 */
export function compress(
  body: Bytes,
  headers: Headers,
  acceptEncoding: string | null,
): Bytes | Promise<Bytes> {
  if (body.byteLength < MIN_SIZE || !isCompressible(headers)) return body
  addVary(headers)
  const encoding = negotiateEncoding(acceptEncoding)
  if (encoding === undefined) return body
  if (body.byteLength <= SYNC_LIMIT) return settle(body, sync[encoding](body), headers, encoding)
  return offLoop[encoding](body).then((packed) => settle(body, packed, headers, encoding))
}

/** Whether an answer with these headers may be sent compressed. @param headers names in lower case */
export function isCompressible(headers: Headers | Readonly<Record<string, string>>): boolean {
  if (headerOf(headers, "content-encoding") || headerOf(headers, "content-range")) return false
  if (headerOf(headers, "cache-control")?.includes("no-transform")) return false
  return COMPRESSIBLE.test(headerOf(headers, "content-type") ?? "")
}

function headerOf(
  headers: Headers | Readonly<Record<string, string>>,
  name: string,
): string | null | undefined {
  return headers instanceof Headers ? headers.get(name) : headers[name]
}

/** Keeps the smaller of both: text that is already dense, such as base64, can grow. */
function settle(body: Bytes, packed: Uint8Array, headers: Headers, encoding: Encoding): Bytes {
  if (packed.byteLength >= body.byteLength) return body
  headers.set("content-encoding", encoding)
  headers.set("content-length", String(packed.byteLength))
  const tag = headers.get("etag")
  if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`)
  return packed as Bytes
}

function addVary(headers: Headers): void {
  const vary = headers.get("vary")
  if (vary && /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(vary)) return
  headers.append("vary", "Accept-Encoding")
}
