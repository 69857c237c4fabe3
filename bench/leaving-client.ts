// Begins streams and leaves each after its first event, in a process of its own: every second one
// politely, the others by a reset. `bun bench/leaving-client.ts <StreamOrder as JSON>`
import type { StreamOrder, StreamReport } from "./streams.ts"

const order: StreamOrder = JSON.parse(process.argv[2] ?? "")
const wire = Buffer.from(order.wire)
const EVENT = Buffer.from("data: ")
/** Milliseconds to a stream's first event. */
const PATIENCE = 30_000

let begun = 0
let finished = 0
let failed = 0
const started = performance.now()

/** One stream that is left. */
function leave(polite: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = false
  const late = setTimeout(() => {
    failed += 1
    resolve()
  }, PATIENCE)
  Bun.connect({
    hostname: "127.0.0.1",
    port: order.port,
    socket: {
      open(socket) {
        socket.write(wire)
      },
      data(socket, bytes) {
        if (left || !bytes.includes(EVENT)) return
        left = true
        if (polite) socket.end()
        else socket.terminate()
      },
      close() {
        clearTimeout(late)
        if (left) finished += 1
        else failed += 1
        resolve()
      },
      error() {},
    },
  }).catch(() => {
    clearTimeout(late)
    failed += 1
    resolve()
  })
  return promise
}

async function leaveOneAfterTheOther(): Promise<void> {
  while (begun < order.leave && failed < 100) {
    begun += 1
    await leave(begun % 2 === 0)
  }
}

await Promise.all(Array.from({ length: order.width }, leaveOneAfterTheOther))
const seconds = (performance.now() - started) / 1000
const report: StreamReport = { finished, failed, seconds }
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
