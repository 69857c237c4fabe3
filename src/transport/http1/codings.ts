import type { Duplex } from "node:stream"
import type { ReadableWritablePair } from "node:stream/web"
import { lateStream, lateZlib } from "../../core/late-modules.ts"

/** How a body is coded. */
export interface Coding {
  /** @param first bytes of the coded body */
  open(first: Uint8Array): Duplex
  /**
   * All of a body at once, which costs a fraction of a stream. Absent where its size cannot be bounded.
   *
   * @throws RangeError for one of more than `limit` bytes; Error for one that is not whole
   */
  whole?(coded: Uint8Array, limit: number): Buffer
}

const gzip: Coding = {
  open: () => lateZlib().createGunzip(),
  whole: (coded, limit) => lateZlib().gunzipSync(coded, { maxOutputLength: limit }),
}

const brotli: Coding = {
  open: () => lateZlib().createBrotliDecompress(),
  whole: (coded, limit) => lateZlib().brotliDecompressSync(coded, { maxOutputLength: limit }),
}

const deflate: Coding = {
  open: (first) =>
    hasZlibHeader(first) ? lateZlib().createInflate() : lateZlib().createInflateRaw(),
}

/** That of `node:zlib` takes half a stream for a whole one; the web's does not, though TypeScript does not know it. */
const zstd: Coding = {
  open() {
    const pair = new DecompressionStream("zstd" as CompressionFormat)
    return lateStream().Duplex.fromWeb(pair as unknown as ReadableWritablePair)
  },
}

/** By the name in `content-encoding`; all that `accept-encoding` asks for is here. */
export const codings: ReadonlyMap<string, Coding> = new Map([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["br", brotli],
  ["deflate", deflate],
  ["zstd", zstd],
])

/** Some servers send `deflate` without the header that it should have (RFC 1950 §2.2). */
function hasZlibHeader(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes
  return (first & 0x0f) === 8 && (bytes.length < 2 || ((first << 8) | second) % 31 === 0)
}
