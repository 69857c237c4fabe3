import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"
import { type Encoding, negotiateEncoding } from "../compression.ts"

/** What is in a browser's cache is asked for again with its ETag: a new binary shows at once. */
const CACHE = "no-cache"

const brotliAsync = promisify(brotliCompress)
const gzipAsync = promisify(gzip)

/** The bytes that a zstd frame begins with (RFC 8878 §3.1.1). */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]

/** Slower than for answers: this is done once in the life of the process. */
const PACK: Record<"br" | "gzip", (bytes: Uint8Array) => Promise<Uint8Array>> = {
  br: (bytes) => brotliAsync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }),
  gzip: (bytes) => gzipAsync(bytes, { level: 9 }),
}

/** A file that browsers get from us: from disk, from inside the binary, or a text. */
export interface Asset {
  /** The answer to a GET or HEAD, compressed as the client likes. */
  respond(request: Request): Promise<Response>
}

/** An asset whose compressed forms are made when first asked for and kept. */
export function createAsset(
  source: Bun.BunFile | string,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Asset {
  const available: Encoding[] = contentType.startsWith("image/") ? [] : ["br", "gzip"]
  const packed = new Map<Encoding, Promise<Uint8Array>>()
  let tag: Promise<string> | undefined

  const read = async () =>
    typeof source === "string" ? new TextEncoder().encode(source) : unpacked(await source.bytes())

  const hash = async () => `W/"${Bun.hash(await read()).toString(36)}"`

  const pack = (encoding: Encoding) => {
    let bytes = packed.get(encoding)
    if (!bytes) {
      bytes = read().then(PACK[encoding as "br" | "gzip"])
      packed.set(encoding, bytes)
    }
    return bytes
  }

  return {
    async respond(request) {
      tag ??= hash()
      const etag = await tag
      const answer = new Headers({ ...headers, "cache-control": CACHE, etag })
      answer.set("x-content-type-options", "nosniff")
      if (available.length > 0) answer.set("vary", "Accept-Encoding")
      if (matches(request.headers.get("if-none-match"), etag)) {
        return new Response(null, { status: 304, headers: answer })
      }
      answer.set("content-type", contentType)
      const encoding = negotiateEncoding(request.headers.get("accept-encoding"), available)
      if (encoding === undefined) return new Response(await read(), { headers: answer })
      answer.set("content-encoding", encoding)
      return new Response((await pack(encoding)) as Uint8Array<ArrayBuffer>, { headers: answer })
    },
  }
}

/** A file as it was published: inside the binary it may be packed. */
function unpacked(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const isPacked = ZSTD.every((byte, at) => bytes[at] === byte)
  return isPacked ? new Uint8Array(Bun.zstdDecompressSync(bytes)) : bytes
}

/** Whether the client has this version. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "")
  return (
    ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((t) => opaque(t) === opaque(etag))
  )
}
