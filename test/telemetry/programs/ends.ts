// Collects lines, writes one among them, and ends as it is told.
import { stdout } from "../../../src/telemetry/stdout.ts"

const [how] = process.argv.slice(2)
stdout.collect("1\n")
stdout.collect("2\n")
stdout.write("3\n")
for (let n = 0; n < 300; n++) stdout.collect(`4 ${n % 100 < 50 ? "名前".repeat(20) : n}\n`)
if (how === "exits") process.exit(0)
if (how === "throws") throw new Error("as it was told")
