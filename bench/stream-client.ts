// Reads many streams at once, in a process of its own, and prints how many it finished.
// `bun bench/stream-client.ts <StreamOrder as JSON>`
import type { StreamOrder, StreamReport } from "./streams.ts"

const order: StreamOrder = JSON.parse(process.argv[2] ?? "")
const wire = Buffer.from(order.wire)

/** How an answer that is no stream begins. A head may come in pieces. */
const NO_STREAM = /^(?!HTTP\/1\.1 200 )|\r\ncontent-length:/i
// A streamed answer ends with an empty chunk, and before it with what its protocol says last.
const END = Buffer.from("0\r\n\r\n")
const LAST_WORDS = /\[DONE\]|message_stop/
/** Bytes in which the last words are. */
const TAIL = 96
/** Seconds that a stream may take longer than streams are begun. */
const PATIENCE = 30

let finished = 0
let failed = 0
let open = 0
let running = true
const started = performance.now()
setTimeout(() => {
  running = false
}, order.seconds * 1000)

function report(): never {
  const seconds = (performance.now() - started) / 1000
  const said: StreamReport = { finished, failed, seconds }
  process.stdout.write(`${JSON.stringify(said)}\n`)
  process.exit()
}

setTimeout(
  () => {
    failed += open
    report()
  },
  (order.seconds + PATIENCE) * 1000,
)

/** One connection that reads one stream after the other. */
function connect(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Kept as bytes: most pieces cost next to nothing.
  let tail: Buffer | undefined
  let reading = false
  open += 1
  const end = (asItShould: boolean) => {
    if (asItShould) finished += 1
    else failed += 1
    reading = false
    tail = undefined
  }
  Bun.connect({
    hostname: "127.0.0.1",
    port: order.port,
    socket: {
      open(socket) {
        reading = true
        socket.write(wire)
      },
      data(socket, bytes) {
        if (!tail && NO_STREAM.test(bytes.toString("latin1"))) {
          end(false)
          socket.end()
          return
        }
        tail =
          bytes.length >= TAIL || !tail
            ? Buffer.from(bytes.subarray(-TAIL))
            : Buffer.concat([tail, bytes]).subarray(-TAIL)
        if (!tail.subarray(-END.length).equals(END)) return
        end(LAST_WORDS.test(tail.toString("latin1")))
        if (running) {
          reading = true
          socket.write(wire)
        } else socket.end()
      },
      close() {
        if (reading) end(false)
        resolve()
      },
      error() {},
    },
  }).catch(() => {
    failed += 1
    resolve()
  })
  return promise.then(() => {
    open -= 1
  })
}

await Promise.all(Array.from({ length: order.width }, connect))
report()
