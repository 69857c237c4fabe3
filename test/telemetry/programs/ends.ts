// Collects lines, writes some among them, and ends as it is told.
import { sharedStdout, stdout } from "../../../src/telemetry/stdout.ts"

const [how, whose] = process.argv.slice(2)
const sink = whose === "shared" ? sharedStdout : stdout
const collected: string[] = []

function collect(line: string): void {
  collected.push(line)
  sink.later(fill)
}

function fill(): void {
  for (const line of collected) {
    const bytes = Buffer.from(line)
    const page = line.startsWith("alone") ? undefined : sink.room(bytes.length)
    if (!page) {
      sink.write(line)
      continue
    }
    page.bytes.set(bytes, page.end)
    page.end += bytes.length
  }
  collected.length = 0
}

collect("1\n")
collect("2\n")
sink.write("3\n")
for (let n = 0; n < 3000; n++) {
  collect(`${n % 1300 === 0 ? "alone" : 4} ${n % 100 < 50 ? "名前".repeat(20) : n}\n`)
}
if (how === "exits") process.exit(0)
if (how === "exits later") {
  // Long after all lines were written.
  await Bun.sleep(100)
  process.exit(0)
}
if (how === "throws") throw new Error("as it was told")
