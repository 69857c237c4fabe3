// Sends small requests at fixed times and a large one each second, in a process of its own, and prints
// how long each took from the moment it was due: `bun bench/mixed-client.ts <file with a MixedOrder>`.
import { type MixedOrder, type MixedReport, SMALL_PER_SECOND } from "./mixed.ts"
import { atFixedTimes, createOpenLoop } from "./open-loop.ts"

const order: MixedOrder = await Bun.file(process.argv[2] ?? "").json()
const smallWire = Buffer.from(order.small)
const largeWire = Buffer.from(order.large)
const small: number[] = []
const large: number[] = []
const loop = createOpenLoop(order.port)

await atFixedTimes(order.seconds * SMALL_PER_SECOND, 1000 / SMALL_PER_SECOND, (due, index) => {
  // A large one begins in the middle of each second.
  if (index % SMALL_PER_SECOND === SMALL_PER_SECOND / 2) loop.send(largeWire, due, large)
  loop.send(smallWire, due, small)
})
const report: MixedReport = { small, large, failed: await loop.end(performance.now() + 30_000) }
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
