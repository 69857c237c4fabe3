// Sends requests at fixed times over many connections, in a process of its own, and prints how long they
// took from the moment they were due: `bun bench/steady-client.ts <SteadyOrder as JSON>`.
import { atFixedTimes, createOpenLoop } from "./open-loop.ts"
import { quantile } from "./statistics.ts"
import type { SteadyOrder, SteadyReport } from "./steady.ts"

const order: SteadyOrder = JSON.parse(process.argv[2] ?? "")
const wire = Buffer.from(order.wire)
const times: number[] = []
const loop = createOpenLoop(order.port, order.width)

// Where nobody listens, the requests are what fails.
await loop.connect(order.width).catch(() => {})
await atFixedTimes(order.seconds * order.perSecond, 1000 / order.perSecond, (due) =>
  loop.send(wire, due, times),
)
const failed = await loop.end(performance.now() + 30_000)
const report: SteadyReport = {
  requests: times.length,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
  failed,
}
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
