// Reads many streams at once, in a process of its own, and prints how many it finished.
// `bun bench/stream-client.ts <StreamOrder as JSON>`
import type { StreamOrder, StreamReport } from "./streams.ts"

const order: StreamOrder = JSON.parse(process.argv[2] ?? "")
const wire = Buffer.from(order.wire)

// A streamed answer ends with an empty chunk, and before it with what its protocol says last.
const END = Buffer.from("0\r\n\r\n")
const LAST_WORDS = /\[DONE\]|message_stop/
/** Bytes in which the last words are. */
const TAIL = 96

let finished = 0
let failed = 0
let running = true
const started = performance.now()
setTimeout(() => {
  running = false
}, order.seconds * 1000)

/** One connection that reads one stream after the other. */
function connect(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Kept as bytes, and only when the end could be near: most pieces cost next to nothing.
  let tail: Buffer = Buffer.alloc(0)
  Bun.connect({
    hostname: "127.0.0.1",
    port: order.port,
    socket: {
      open(socket) {
        socket.write(wire)
      },
      data(socket, bytes) {
        tail =
          bytes.length >= TAIL
            ? Buffer.from(bytes.subarray(-TAIL))
            : Buffer.concat([tail, bytes]).subarray(-TAIL)
        if (!tail.subarray(-END.length).equals(END)) return
        if (LAST_WORDS.test(tail.toString("latin1"))) finished += 1
        else failed += 1
        tail = Buffer.alloc(0)
        if (running) socket.write(wire)
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

await Promise.all(Array.from({ length: order.width }, connect))
const seconds = (performance.now() - started) / 1000
const report: StreamReport = { finished, failed, seconds }
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
