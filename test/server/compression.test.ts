import { afterAll, describe, expect, test } from "bun:test"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { type Bytes, compress, negotiateEncoding } from "../../src/server/compression.ts"

const decode: Record<string, (body: Uint8Array) => Uint8Array> = {
  gzip: (body) => gunzipSync(body),
  br: (body) => brotliDecompressSync(body),
  zstd: (body) => Bun.zstdDecompressSync(body),
}

function answer(size: number): Bytes {
  const text = "A router answers, word by word, and every word is counted. "
  return new TextEncoder().encode(
    JSON.stringify({ text: text.repeat(Math.ceil(size / text.length)) }),
  )
}

function jsonHeaders(more: Record<string, string> = {}): Headers {
  return new Headers({ "content-type": "application/json; charset=utf-8", ...more })
}

describe("negotiation", () => {
  const cases: [string | null, string | undefined, string][] = [
    [null, undefined, "nothing without a header"],
    ["", undefined, "nothing for an empty header"],
    ["identity", undefined, "nothing when only identity is named"],
    ["gzip", "gzip", "the only one named"],
    ["gzip, deflate, br, zstd", "zstd", "zstd among equals"],
    ["gzip, deflate, br", "br", "br before gzip among equals"],
    ["gzip;q=1.0, br;q=0.5", "gzip", "the highest weight"],
    ["GZIP; Q=0.8", "gzip", "names in any case, with spaces"],
    ["x-gzip", "gzip", "gzip by its old name"],
    ["zstd;q=0, br;q=0, gzip", "gzip", "none with weight zero"],
    ["gzip;q=0", undefined, "nothing when the only one has weight zero"],
    ["*", "zstd", "any for a star"],
    ["zstd;q=0, *", "br", "any but the excluded for a star"],
    ["*;q=0", undefined, "nothing for an excluded star"],
    ["*;q=0, gzip", "gzip", "the named one beside an excluded star"],
    ["identity;q=1, gzip;q=0.5", undefined, "identity when it weighs more"],
    ["identity;q=0.5, gzip;q=0.5", "gzip", "a coding when identity weighs the same"],
    ["gzip;q=nonsense, br;q=0.1", "br", "no coding with a broken weight"],
    ["gzip;q=5, br;q=0.1", "br", "no coding with a weight above one"],
    ["deflate, compress", undefined, "nothing that we cannot write"],
  ]
  for (const [header, expected, name] of cases) {
    test(`picks ${name}: ${header}`, () => {
      expect(negotiateEncoding(header)).toBe(expected as never)
    })
  }

  test("picks only from the codings that are available", () => {
    expect(negotiateEncoding("zstd, br, gzip", ["br", "gzip"])).toBe("br")
    expect(negotiateEncoding("zstd", ["br", "gzip"])).toBeUndefined()
  })
})

describe("compress", () => {
  for (const encoding of ["zstd", "br", "gzip"]) {
    for (const size of [1024, 60_000, 300_000]) {
      test(`packs ${size} bytes as ${encoding} and back`, async () => {
        const body = answer(size)
        const headers = jsonHeaders({ "content-length": String(body.byteLength) })
        const packed = await compress(body, headers, encoding)
        expect(packed.byteLength).toBeLessThan(body.byteLength / 2)
        expect(headers.get("content-encoding")).toBe(encoding)
        expect(headers.get("content-length")).toBe(String(packed.byteLength))
        expect(headers.get("vary")).toBe("Accept-Encoding")
        expect(Buffer.from(decode[encoding]!(packed)).equals(Buffer.from(body))).toBe(true)
      })
    }
  }

  test("answers small bodies at once and large ones from a thread", async () => {
    expect(compress(answer(2000), jsonHeaders(), "zstd")).toBeInstanceOf(Uint8Array)
    const large = compress(answer(200_000), jsonHeaders(), "zstd")
    expect(large).toBeInstanceOf(Promise)
    await large
  })

  const untouched: [string, Bytes, Headers][] = [
    ["an empty body", new Uint8Array(), jsonHeaders()],
    ["a body below one kilobyte", answer(100), jsonHeaders()],
    ["an event stream", answer(5000), new Headers({ "content-type": "text/event-stream" })],
    ["audio", answer(5000), new Headers({ "content-type": "audio/mpeg" })],
    ["a picture", answer(5000), new Headers({ "content-type": "image/png" })],
    ["bytes of an unnamed type", answer(5000), new Headers()],
    ["an encoded body", answer(5000), jsonHeaders({ "content-encoding": "gzip" })],
    ["a part of a body", answer(5000), jsonHeaders({ "content-range": "bytes 0-4999/9000" })],
    ["a body that must not change", answer(5000), jsonHeaders({ "cache-control": "no-transform" })],
  ]
  for (const [name, body, headers] of untouched) {
    test(`leaves ${name} alone`, async () => {
      const before = JSON.stringify([...headers])
      expect(await compress(body, headers, "zstd, br, gzip")).toBe(body)
      expect(JSON.stringify([...headers])).toBe(before)
    })
  }

  test("keeps the plain body of a client that takes no coding, and says that it varies", async () => {
    const body = answer(5000)
    const headers = jsonHeaders({ vary: "Origin" })
    expect(await compress(body, headers, null)).toBe(body)
    expect(headers.get("content-encoding")).toBeNull()
    expect(headers.get("vary")).toBe("Origin, Accept-Encoding")
  })

  test("does not repeat accept-encoding in vary", async () => {
    const headers = jsonHeaders({ vary: "accept-encoding, Origin" })
    await compress(answer(5000), headers, "gzip")
    expect(headers.get("vary")).toBe("accept-encoding, Origin")
  })

  test("keeps a body that would grow", async () => {
    const noise = crypto.getRandomValues(new Uint8Array(4096))
    const headers = new Headers({ "content-type": "text/plain" })
    expect(await compress(noise, headers, "gzip")).toBe(noise)
    expect(headers.get("content-encoding")).toBeNull()
  })

  test("weakens a strong etag and keeps a weak one", async () => {
    const strong = jsonHeaders({ etag: '"abc"' })
    await compress(answer(5000), strong, "gzip")
    expect(strong.get("etag")).toBe('W/"abc"')
    const weak = jsonHeaders({ etag: 'W/"abc"' })
    await compress(answer(5000), weak, "gzip")
    expect(weak.get("etag")).toBe('W/"abc"')
  })

  for (const type of [
    "text/html; charset=utf-8",
    "application/problem+json",
    "application/x-ndjson",
    "image/svg+xml",
    "text/javascript",
    "text/vtt",
  ]) {
    test(`compresses ${type}`, async () => {
      const headers = new Headers({ "content-type": type })
      await compress(answer(5000), headers, "gzip")
      expect(headers.get("content-encoding")).toBe("gzip")
    })
  }
})

describe("over HTTP", () => {
  const body = answer(20_000)
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const headers = jsonHeaders()
      const packed = await compress(body, headers, request.headers.get("accept-encoding"))
      return new Response(packed, { headers })
    },
  })
  afterAll(() => server.stop(true))

  for (const encoding of ["zstd", "br", "gzip"]) {
    test(`a client that takes ${encoding} reads the whole answer`, async () => {
      const raw = await fetch(server.url, {
        headers: { "accept-encoding": encoding },
        decompress: false,
      })
      const bytes = await raw.bytes()
      expect(raw.headers.get("content-encoding")).toBe(encoding)
      expect(raw.headers.get("content-length")).toBe(String(bytes.byteLength))
      expect(bytes.byteLength).toBeLessThan(body.byteLength)

      const read = await fetch(server.url, { headers: { "accept-encoding": encoding } })
      expect(Buffer.from(await read.bytes()).equals(Buffer.from(body))).toBe(true)
    })
  }

  test("a client that takes none gets the plain answer with its length", async () => {
    const response = await fetch(server.url, { headers: { "accept-encoding": "identity" } })
    expect(response.headers.get("content-encoding")).toBeNull()
    expect(response.headers.get("content-length")).toBe(String(body.byteLength))
    expect((await response.bytes()).byteLength).toBe(body.byteLength)
  })

  test("HEAD has the headers of GET and no body", async () => {
    const response = await fetch(server.url, {
      method: "HEAD",
      headers: { "accept-encoding": "gzip" },
    })
    expect(response.headers.get("content-encoding")).toBe("gzip")
    expect((await response.bytes()).byteLength).toBe(0)
  })
})
