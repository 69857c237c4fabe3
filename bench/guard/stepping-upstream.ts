import type { Socket } from "bun"
import { CHUNKS, completion, streamEnd, streamEvent } from "../payload.ts"
import { framingOf } from "../upstream-framing.ts"

/** An upstream that sends the next event of a stream when it is told to, so that each comes alone. */
export interface SteppingUpstream {
  port: number
  /** Sends the next event, or the end. */
  step(): void
  stop(): void
}

const frame = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const body = JSON.stringify(completion())
const WHOLE = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
const EVENT = frame(streamEvent())
const END = `${frame(streamEnd())}0\r\n\r\n`

/** Starts it in this process. It takes one request at a time. */
export function startSteppingUpstream(): SteppingUpstream {
  let streaming: Socket<{ seen: string }> | undefined
  let sent = 0

  function answer(socket: Socket<{ seen: string }>): void {
    const { seen } = socket.data
    const end = seen.indexOf("\r\n\r\n")
    if (end < 0 || seen.length < end + 4 + framingOf(seen.slice(0, end)).length) return
    socket.data.seen = ""
    if (!seen.includes('"stream":true')) {
      socket.write(WHOLE)
      return
    }
    streaming = socket
    sent = 1
    socket.write(HEAD + EVENT)
  }

  const server = Bun.listen<{ seen: string }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { seen: "" }
      },
      data(socket, bytes) {
        socket.data.seen += bytes.toString("latin1")
        answer(socket)
      },
      error() {},
    },
  })
  return {
    port: server.port,
    step() {
      sent += 1
      streaming?.write(sent <= CHUNKS ? EVENT : END)
    },
    stop: () => server.stop(true),
  }
}
