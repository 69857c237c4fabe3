// `npm test`: runs the tests with `bun test`, one process a core, and ends with one plain line that
// says how many passed and failed. Arguments go to `bun test`: `npm test -- test/config`.
import { availableParallelism } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dir, "..")
const MOST_PROCESSES = 8
/** Milliseconds a test may take: generous, for machines that do other things too. */
const TIMEOUT = 30_000
const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g")

/** What a run came to. */
export interface Tally {
  passed: number
  failed: number
  skipped: number
}

/** Reads the summary that `bun test` prints last. A run that broke off counts as a failure. */
export function readTally(output: string, status: number): Tally {
  const plain = output.replace(ANSI, "")
  const count = (word: string) =>
    Number([...plain.matchAll(new RegExp(`^ *(\\d+) ${word}s?$`, "gm"))].at(-1)?.[1] ?? 0)
  const failed = count("fail")
  // A test that calls `process.exit(0)` ends the run early, and with success.
  const whole = status === 0 && /^Ran \d+ tests? across/m.test(plain)
  return {
    passed: count("pass"),
    failed: !whole && failed === 0 ? Math.max(1, count("error")) : failed,
    skipped: count("skip") + count("todo"),
  }
}

/** `N passed, N failed`, and the skipped where there are any. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
}

/** Passes a child's output on as it comes and keeps the end of it. */
async function follow(stream: ReadableStream<Uint8Array>, to: NodeJS.WriteStream): Promise<string> {
  const decoder = new TextDecoder()
  let tail = ""
  for await (const chunk of stream) {
    to.write(chunk)
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-10_000)
  }
  return tail
}

async function main(args: string[]): Promise<number> {
  const processes = Math.min(MOST_PROCESSES, availableParallelism())
  // Isolated files could not load a config again after a change: they share no `require.cache` with the
  // modules that they import. What is said twice, the last one wins.
  const own = [`--parallel=${processes}`, "--no-isolate", `--timeout=${TIMEOUT}`]
  const child = Bun.spawn([process.execPath, "test", ...own, ...args], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...(process.stderr.isTTY && { FORCE_COLOR: "1" }) },
  })
  const [, output] = await Promise.all([
    follow(child.stdout, process.stdout),
    follow(child.stderr, process.stderr),
  ])
  const status = await child.exited
  const tally = readTally(output, status)
  console.log(`\n${formatTally(tally)}`)
  return status !== 0 ? status : tally.failed > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
