// Collects lines, writes one among them, and ends as it is told.
import { stdout } from "../../../src/telemetry/stdout.ts"

const collected: string[] = []

function collect(line: string): void {
  collected.push(line)
  stdout.later(fill)
}

function fill(): void {
  for (const line of collected) {
    const bytes = Buffer.from(line)
    const page = stdout.room(bytes.length)!
    page.bytes.set(bytes, page.end)
    page.end += bytes.length
  }
  collected.length = 0
}

const [how] = process.argv.slice(2)
collect("1\n")
collect("2\n")
stdout.write("3\n")
for (let n = 0; n < 300; n++) collect(`4 ${n % 100 < 50 ? "名前".repeat(20) : n}\n`)
if (how === "exits") process.exit(0)
if (how === "throws") throw new Error("as it was told")
