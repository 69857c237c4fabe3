// Writes many lines of its own to standard output, some of them alone, for as long as nobody reads them.
import { sharedStdout } from "../../../src/telemetry/stdout.ts"

const [name, many] = process.argv.slice(2)
const collected: Buffer[] = []

function fill(): void {
  for (const bytes of collected.splice(0)) {
    const page = sharedStdout.room(bytes.length)!
    page.bytes.set(bytes, page.end)
    page.end += bytes.length
  }
}

for (let n = 0; n < Number(many); n++) {
  const line = `${name} ${n} ${"x".repeat(n % 700)}.\n`
  if (n % 10 === 0) sharedStdout.write(line)
  else {
    collected.push(Buffer.from(line))
    sharedStdout.later(fill)
  }
  if (n % 50 === 0) await Bun.sleep(1)
}
