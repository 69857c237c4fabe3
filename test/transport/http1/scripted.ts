import type { ByteSource } from "../../../src/core/byte-source.ts"
import { type Clock, systemClock } from "../../../src/core/clock.ts"
import { Life } from "../../../src/core/life.ts"
import type { IncomingResponse, OutgoingRequest, Send } from "../../../src/core/provider.ts"
import { createHttp1Send } from "../../../src/transport/http1/client.ts"

/** Bytes that an answer comes in at once; 0 is all of it. */
export const CHUNK_SIZES = [1, 2, 3, 7, 64, 0] as const

/** One connection that a scripted server has taken. */
export interface Taken {
  /** What it has received so far. */
  received: string
  closed: boolean
  readonly socket: Bun.Socket<Taken>
  /** Writes in pieces of the server's chunk size, each in a turn of its own. */
  send(text: string | Uint8Array): Promise<void>
  /** Closes its side once all is written. */
  fin(): Promise<void>
  /** Resets the connection once all is written. */
  reset(): Promise<void>
}

export interface Scripted {
  readonly url: string
  readonly taken: Taken[]
  /** Whole requests, as they came, body and all. */
  readonly requests: string[]
  close(): void
}

/** What a scripted server does with the `n`th request of all, from 0. */
export type Script = (connection: Taken, n: number) => unknown

/** A server that writes what it is told to, be it HTTP or not, for each whole request. */
export function startScripted(script: Script, size = 0, tls?: Bun.TLSOptions): Scripted {
  const taken: Taken[] = []
  const requests: string[] = []
  const listener = Bun.listen<Taken>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        socket.data = take(socket, size)
        taken.push(socket.data)
      },
      data(socket, bytes) {
        const connection = socket.data
        connection.received += bytes.toString("latin1")
        for (let end = wholeRequest(connection.received); end > 0; ) {
          requests.push(connection.received.slice(0, end))
          connection.received = connection.received.slice(end)
          void script(connection, requests.length - 1)
          end = wholeRequest(connection.received)
        }
      },
      close(socket) {
        socket.data.closed = true
      },
      error() {},
    },
  })
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${listener.port}/path`,
    taken,
    requests,
    close: () => listener.stop(true),
  }
}

/** @returns where the first request ends; 0 where it has not */
function wholeRequest(received: string): number {
  const head = received.indexOf("\r\n\r\n")
  if (head < 0) return 0
  const end = head + 4 + Number(/content-length: (\d+)/i.exec(received.slice(0, head))?.[1] ?? 0)
  return received.length >= end ? end : 0
}

function take(socket: Bun.Socket<Taken>, size: number): Taken {
  let queue = Promise.resolve()
  const inOrder = (work: () => unknown) => {
    queue = queue.then(async () => void (await work()))
    return queue
  }
  return {
    received: "",
    closed: false,
    socket,
    send: (text) =>
      inOrder(async () => {
        const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text
        const step = size || bytes.length
        for (let at = 0; at < bytes.length; at += step) {
          socket.write(bytes.subarray(at, at + step))
          if (size > 0) await new Promise(setImmediate)
        }
      }),
    fin: () => inOrder(() => socket.end()),
    reset: () => inOrder(() => socket.terminate()),
  }
}

/** A client of its own, with a short way to ask. */
export function startClient(clock: Clock = systemClock): {
  send: Send
  ask(url: string, more?: Partial<OutgoingRequest>): Promise<IncomingResponse>
} {
  const send = createHttp1Send(clock)
  return {
    send,
    ask: (url, more) =>
      send({ url, method: "GET", headers: {}, signal: new Life(), connectTimeout: 5000, ...more }),
  }
}

/** All of a body as text. @throws what it broke off with */
export async function textOf(body: ByteSource | null): Promise<string> {
  const parts: Uint8Array[] = []
  for (let bytes = await body?.read(); bytes; bytes = await body?.read()) parts.push(bytes)
  return Buffer.concat(parts).toString("latin1")
}

/** The code of what an answer failed with, or its status and text. */
export async function outcomeOf(answer: Promise<IncomingResponse>): Promise<string> {
  let status: number | undefined
  try {
    const response = await answer
    status = response.status
    return `${status} ${await textOf(response.body)}`
  } catch (thrown) {
    const error = thrown as { code?: string; cause?: { code?: string } }
    return [status, error.cause?.code ?? error.code ?? thrown].filter(Boolean).join(" ")
  }
}
