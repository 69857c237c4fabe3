import type { Socket } from "node:net"
import zlib from "node:zlib"
import type { RecordedRequest } from "./request.ts"

/** How one answer is put on the wire. */
export interface WireSettings {
  /** Bytes a write; 0 is as they come. */
  split: number
  compress: "gzip" | "br" | "zstd" | undefined
}

/** What the owner of a wire is told. */
export interface WireEvents {
  /** The connection is about to be broken on purpose. */
  lied(): void
  /** The kernel took some bytes. */
  sent(): void
}

/** Writes one HTTP/1.1 answer, honestly or not. Every method resolves when the kernel took the bytes. */
export interface Wire {
  /** Whether the status line is out. */
  readonly started: boolean
  readonly closed: boolean
  /** Resolves when the connection closes or the time is over, whichever is first. */
  pause(ms: number): Promise<void>
  /** Sends the head; a body without `length` is chunked. */
  head(status: number, headers: Readonly<Record<string, string>>, length?: number): Promise<void>
  /** An interim answer, 100 to 199, before the head. */
  interim(status: number): Promise<void>
  body(bytes: Uint8Array | string): Promise<void>
  end(): Promise<void>
  /** FIN now, wherever the answer is. */
  cut(): void
  /** RST now. */
  reset(): void
}

const REASONS: Readonly<Record<number, string>> = { 200: "OK", 429: "Too Many Requests" }

/** A wire over `socket` for the answer to `record`. */
export function createWire(
  socket: Socket,
  record: RecordedRequest,
  settings: WireSettings,
  events: WireEvents,
): Wire {
  let started = false
  let chunked = false
  let queue = Promise.resolve()
  const packer = settings.compress && createPacker(settings.compress)

  const put = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (socket.destroyed || bytes.length === 0) return resolve()
      const settle = () => {
        socket.off("close", settle)
        resolve()
      }
      socket.once("close", settle)
      socket.write(bytes, (error) => {
        if (!error) record.sent += bytes.length
        settle()
        events.sent()
      })
    })

  const putBody = async (bytes: Uint8Array) => {
    const step = settings.split || bytes.length
    for (let at = 0; at < bytes.length && !socket.destroyed; at += step) {
      const part = bytes.subarray(at, at + step)
      await put(chunked ? frame(part) : part)
      // Lets the bytes leave on their own, so that the reader really gets them in pieces.
      if (settings.split) await new Promise(setImmediate)
    }
  }

  const inOrder = (work: () => Promise<void>) => {
    queue = queue.then(work)
    return queue
  }

  return {
    get started() {
      return started
    },
    get closed() {
      return socket.destroyed
    },
    pause: (ms) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve()
        const timer = Number.isFinite(ms) ? setTimeout(() => settle(), ms) : undefined
        const settle = () => {
          clearTimeout(timer)
          socket.off("close", settle)
          resolve()
        }
        socket.once("close", settle)
      }),
    head: (status, headers, length) =>
      inOrder(async () => {
        started = true
        chunked = length === undefined || packer !== undefined
        const lines = [
          `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}`,
          ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
          ...(settings.compress ? [`content-encoding: ${settings.compress}`] : []),
          chunked ? "transfer-encoding: chunked" : `content-length: ${length}`,
        ]
        await put(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"))
      }),
    interim: (status) =>
      inOrder(() => put(Buffer.from(`HTTP/1.1 ${status} Interim\r\nlink: </style>\r\n\r\n`))),
    body: (bytes) =>
      inOrder(async () => {
        const plain = typeof bytes === "string" ? Buffer.from(bytes) : bytes
        await putBody(packer ? await packer.flush(plain) : plain)
      }),
    end: () =>
      inOrder(async () => {
        if (packer) await putBody(await packer.end())
        if (chunked) await put(Buffer.from("0\r\n\r\n"))
      }),
    cut() {
      events.lied()
      socket.end()
    },
    reset() {
      events.lied()
      socket.resetAndDestroy()
    },
  }
}

function frame(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ])
}

const PACKERS = {
  gzip: { create: () => zlib.createGzip(), flag: zlib.constants.Z_SYNC_FLUSH },
  br: { create: () => zlib.createBrotliCompress(), flag: zlib.constants.BROTLI_OPERATION_FLUSH },
  zstd: { create: () => zlib.createZstdCompress(), flag: zlib.constants.ZSTD_e_flush },
}

function createPacker(kind: keyof typeof PACKERS) {
  const { create, flag } = PACKERS[kind]
  const stream = create()
  let ready: Buffer[] = []
  stream.on("data", (chunk: Buffer) => ready.push(chunk))
  const take = () => {
    const bytes = Buffer.concat(ready)
    ready = []
    return bytes
  }
  return {
    flush: (bytes: Uint8Array) =>
      new Promise<Uint8Array>((resolve) => {
        stream.write(bytes)
        stream.flush(flag, () => resolve(take()))
      }),
    end: () =>
      new Promise<Uint8Array>((resolve) => {
        stream.once("end", () => resolve(take()))
        stream.end()
      }),
  }
}
