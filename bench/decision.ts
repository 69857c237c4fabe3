// `bun run bench:decision`: what it costs to decide where a request goes first, among few and many
// deployments that are all well, with every filter and strategy. No network, one run on this machine.
import { parseArgs } from "node:util"
import { type StrategyName, strategies } from "../src/routing/strategies/index.ts"
import { fleet } from "../test/routing/fleet.ts"
import { summarise } from "./statistics.ts"

const { values: options } = parseArgs({
  options: { smoke: { type: "boolean", default: false } },
})
const SIZES = [3, 100, 1000]
/** Candidates that one round looks at, over all of its decisions. */
const WORK = options.smoke ? 2000 : 100_000
const ROUNDS = options.smoke ? 2 : 15

/** Microseconds of one decision, in the best round: what else the machine does can only add to it. */
function measure(name: StrategyName, size: number): number {
  const { walk } = fleet(name, size)
  const decisions = Math.ceil(WORK / size / 10)
  const times: number[] = []
  for (let round = 0; round < ROUNDS + 5; round++) {
    const start = Bun.nanoseconds()
    for (let i = 0; i < decisions; i++) {
      if (!walk().next()) throw new Error("nothing is usable")
    }
    if (round >= 5) times.push((Bun.nanoseconds() - start) / 1000 / decisions)
  }
  return summarise(times).low
}

console.log(`\nµs a decision, among deployments:\n\n| strategy | ${SIZES.join(" | ")} |`)
console.log(`|---|${"---|".repeat(SIZES.length)}`)
for (const name of Object.keys(strategies) as StrategyName[]) {
  const cells = SIZES.map((size) => measure(name, size).toFixed(1))
  console.log(`| ${name} | ${cells.join(" | ")} |`)
}
