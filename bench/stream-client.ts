// Reads many streams at once, in a process of its own, and prints how many it finished.
// `bun bench/stream-client.ts <port> <paced|fast> <streams at once> <seconds>`
import { requestBody } from "./payload.ts"

const [port, kind, width, seconds] = process.argv.slice(2)
const body = requestBody(kind === "paced" ? "paced" : "fast")
const request = [
  "POST /v1/chat/completions HTTP/1.1",
  `host: 127.0.0.1:${port}`,
  "content-type: application/json",
  `content-length: ${Buffer.byteLength(body)}`,
  "",
  body,
].join("\r\n")

// A streamed answer ends with an empty chunk, and before it with this.
const END = "0\r\n\r\n"
const DONE = "data: [DONE]"

let finished = 0
let failed = 0
let running = true
const started = performance.now()
setTimeout(() => {
  running = false
}, Number(seconds) * 1000)

/** One connection that reads one stream after the other. */
function connect(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let tail = ""
  Bun.connect({
    hostname: "127.0.0.1",
    port: Number(port),
    socket: {
      open(socket) {
        socket.write(request)
      },
      data(socket, bytes) {
        tail = (tail + bytes.toString("latin1", Math.max(0, bytes.length - 64))).slice(-64)
        if (!tail.endsWith(END)) return
        if (tail.includes(DONE)) finished += 1
        else failed += 1
        tail = ""
        if (running) socket.write(request)
        else socket.end()
      },
      close() {
        if (running) failed += 1
        resolve()
      },
      error() {
        failed += 1
        resolve()
      },
    },
  }).catch(() => {
    failed += 1
    resolve()
  })
  return promise
}

await Promise.all(Array.from({ length: Number(width) }, connect))
const elapsed = (performance.now() - started) / 1000
process.stdout.write(`${JSON.stringify({ finished, failed, seconds: elapsed })}\n`)
