import { describe, expect, test } from "bun:test"
import zlib from "node:zlib"
import { closing, until } from "../../support/cleanup.ts"
import { CHUNK_SIZES, outcomeOf, startClient, startScripted, textOf } from "./scripted.ts"

const using = closing()

const CODERS: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  "X-GZIP": (bytes) => zlib.gzipSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  Deflate: (bytes) => zlib.deflateRawSync(bytes),
}
const TEXT = Array.from({ length: 50 }, (_, n) => `${n} times around the world`).join(", ")

function answer(coding: string, body: Buffer, length = body.length): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

for (const [coding, encode] of Object.entries(CODERS)) {
  describe(`an answer in ${coding}`, () => {
    for (const size of CHUNK_SIZES) {
      test(`is read, in pieces of ${size}, and its connection used again`, async () => {
        const bytes = answer(coding, encode(Buffer.from(TEXT)))
        const server = await using(startScripted((connection) => connection.send(bytes), size))
        const { ask } = startClient()
        for (let n = 0; n < 2; n++) expect(await outcomeOf(ask(server.url))).toBe(`200 ${TEXT}`)
        expect(server.taken.length).toBe(1)
      })
    }

    test("that is empty is empty", async () => {
      const server = await using(
        startScripted((connection) => connection.send(answer(coding, encode(Buffer.alloc(0))))),
      )
      expect(await outcomeOf(startClient().ask(server.url))).toBe("200 ")
    })

    test("that breaks off is an error", async () => {
      const whole = encode(Buffer.from(TEXT))
      const half = whole.subarray(0, whole.length / 2)
      const server = await using(
        startScripted((connection, n) =>
          connection
            .send(answer(coding, half, n === 0 ? half.length : whole.length))
            .then(() => connection.fin()),
        ),
      )
      const { ask } = startClient()
      expect(await outcomeOf(ask(server.url))).toMatch(/^200 \S*[A-Z]/)
      expect(await outcomeOf(ask(server.url))).toBe("200 ConnectionClosed")
    })

    test("that is a piece of nonsense is an error", async () => {
      const server = await using(
        startScripted((connection) => connection.send(answer(coding, Buffer.alloc(64, 0xff)))),
      )
      const { body } = await startClient().ask(server.url)
      expect(textOf(body)).rejects.toThrow()
    })

    test("comes out event by event, as it goes in", async () => {
      const { head, first, second } = await twoEvents(coding)
      let next: () => unknown = () => {}
      const server = await using(
        startScripted((connection) => {
          next = () => connection.send(second)
          return connection.send(Buffer.concat([head, first]))
        }),
      )
      const { body } = await startClient().ask(server.url)
      const told: string[] = []
      body!.pipe({
        data: (bytes) => told.push(String(bytes)),
        end: () => told.push("end"),
        fail: (error) => told.push(String(error)),
      })
      await until(() => told.join("") === "one")
      await next()
      await until(() => told.join("") === "onetwoend")
    })
  })
}

/** Two events in one coding, each in a chunk of its own that can be read without what follows. */
async function twoEvents(coding: string) {
  const { constants } = zlib
  const name = coding.toLowerCase().replace("x-", "")
  const stream =
    name === "gzip"
      ? zlib.createGzip()
      : name === "br"
        ? zlib.createBrotliCompress()
        : name === "zstd"
          ? zlib.createZstdCompress()
          : coding === "deflate"
            ? zlib.createDeflate()
            : zlib.createDeflateRaw()
  const flag =
    name === "br"
      ? constants.BROTLI_OPERATION_FLUSH
      : name === "zstd"
        ? constants.ZSTD_e_flush
        : constants.Z_SYNC_FLUSH
  const parts: Buffer[] = []
  stream.on("data", (part: Buffer) => parts.push(part))
  stream.write("one")
  await new Promise<void>((done) => stream.flush(flag, done))
  const first = chunk(Buffer.concat(parts.splice(0)))
  const ended = new Promise((done) => stream.once("end", done))
  stream.end("two")
  await ended
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ntransfer-encoding: chunked\r\n\r\n`
  const last = Buffer.from("0\r\n\r\n")
  return {
    head: Buffer.from(head),
    first,
    second: Buffer.concat([chunk(Buffer.concat(parts)), last]),
  }
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ])
}

describe("an answer", () => {
  test.each(["identity", "rot13", "gzip, br", "constructor", "__proto__"])(
    "in %s is passed as it is",
    async (coding) => {
      const server = await using(
        startScripted((connection) => connection.send(answer(coding, Buffer.from("hello")))),
      )
      expect(await outcomeOf(startClient().ask(server.url))).toBe("200 hello")
    },
  )

  test("still says how it was coded", async () => {
    const bytes = zlib.gzipSync("hello")
    const server = await using(
      startScripted((connection) => connection.send(answer("gzip", bytes))),
    )
    const { headers } = await startClient().ask(server.url)
    expect([headers.get("content-encoding"), headers.get("content-length")]).toEqual([
      "gzip",
      `${bytes.length}`,
    ])
  })

  test("that grows a thousandfold is taken only as fast as it is read", async () => {
    const bytes = zlib.gzipSync(Buffer.alloc(200 << 20))
    const server = await using(
      startScripted((connection) => connection.send(answer("gzip", bytes))),
    )
    const { body } = await startClient().ask(server.url)
    const first = (await body!.read()) as Uint8Array
    const before = process.memoryUsage.rss()
    await Bun.sleep(100)
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 << 20)
    let size = first.length
    for (let next = await body!.read(); next; next = await body!.read()) size += next.length
    expect(size).toBe(200 << 20)
  })
})
