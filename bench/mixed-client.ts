// Sends small requests at fixed times and a large one each second, in a process of its own, and prints
// how long each took from the moment it was due: `bun bench/mixed-client.ts <file with a MixedOrder>`.
// The times do not wait for answers, so a stall is seen by every request that falls into it.
import type { Socket } from "bun"
import { type MixedOrder, type MixedReport, SMALL_PER_SECOND } from "./mixed.ts"

const order: MixedOrder = await Bun.file(process.argv[2] ?? "").json()
const small = Buffer.from(order.small)
const large = Buffer.from(order.large)

interface Call {
  due: number
  rest: Buffer
  times: number[]
}

const report: MixedReport = { small: [], large: [], failed: 0 }
const idle: Socket<Call>[] = []
let open = 0

function push(socket: Socket<Call>): void {
  const { rest } = socket.data
  if (rest.length === 0) return
  const written = socket.write(rest)
  if (written > 0) socket.data.rest = rest.subarray(written)
}

/** Sends a request over a connection that is free, or a new one. */
function send(call: Call): void {
  open += 1
  const free = idle.pop()
  if (free) {
    free.data = call
    push(free)
    return
  }
  Bun.connect<Call>({
    hostname: "127.0.0.1",
    port: order.port,
    data: call,
    socket: {
      open: push,
      drain: push,
      data(socket, bytes) {
        // Answers of 1 KB come whole, or in two pieces of which the first has the status.
        const text = bytes.toString("latin1")
        if (text.startsWith("HTTP/1.1") && !text.startsWith("HTTP/1.1 200")) report.failed += 1
        if (!text.includes("usage")) return
        open -= 1
        socket.data.times.push(performance.now() - socket.data.due)
        idle.push(socket)
      },
      close(socket) {
        const at = idle.indexOf(socket)
        if (at >= 0) idle.splice(at, 1)
        else {
          open -= 1
          report.failed += 1
        }
      },
      error() {},
    },
  }).catch(() => {
    open -= 1
    report.failed += 1
  })
}

const started = performance.now()
const GAP = 1000 / SMALL_PER_SECOND
const count = order.seconds * SMALL_PER_SECOND
for (let i = 0; i < count; ) {
  const due = started + i * GAP
  const wait = due - performance.now()
  if (wait > 0) {
    await Bun.sleep(wait)
    continue
  }
  // A large one begins in the middle of each second.
  if (i % SMALL_PER_SECOND === SMALL_PER_SECOND / 2) send({ due, rest: large, times: report.large })
  send({ due, rest: small, times: report.small })
  i += 1
}
while (open > 0 && performance.now() - started < order.seconds * 1000 + 30_000) await Bun.sleep(5)
report.failed += open
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
