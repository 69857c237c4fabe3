// `bun run bench [--quick | --smoke]`: the router beside nginx and the bare upstream, in one run on
// this machine. `--quick` takes 80 s; `--smoke` only shows that the bench works, and writes nothing.
// What is measured has a core of its own; the upstream and the load share another one. Rounds are
// interleaved, so that a noisy neighbour disturbs all alike.
import { mkdtemp, rm } from "node:fs/promises"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { type Durations, measure, type Round } from "./measure.ts"
import { memory, requirePrograms } from "./process.ts"
import { formatTable, type TargetResult, tabulate } from "./report.ts"
import {
  measuredProgram,
  startNginx,
  startRouter,
  startUpstream,
  type Target,
  verify,
} from "./targets.ts"
import { writeScript } from "./wrk.ts"

const SMOKE = { rounds: 1, startups: 1, durations: { load: 1, single: 1, stream: 1 } }
const QUICK = { rounds: 2, startups: 2, durations: { load: 2, single: 1, stream: 2 } }
const FULL = { rounds: 5, startups: 10, durations: { load: 5, single: 4, stream: 4 } }
const WARM_UP: Durations = { load: 1, single: 1, stream: 1 }

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
  },
})
const plan = options.smoke ? SMOKE : options.quick ? QUICK : FULL

/** Starts a target and stops it again, a few times. @returns the milliseconds to its first 200. */
async function measureStartups(times: number, begin: () => Promise<Target>): Promise<number[]> {
  const results: number[] = []
  for (let i = 0; i < times; i += 1) {
    const target = await begin()
    results.push(target.startup)
    await target.stop()
  }
  return results
}

async function binarySize(): Promise<{ bytes: number; gzipped: number } | undefined> {
  const path = measuredProgram()
  if (!path) return undefined
  const bytes = await Bun.file(path).bytes()
  return { bytes: bytes.byteLength, gzipped: gzipSync(bytes, { level: 6 }).byteLength }
}

async function run(folder: string): Promise<void> {
  const { rounds, startups, durations } = plan
  const upstream = await startUpstream()
  const targets: Target[] = [upstream]
  const begin = {
    nginx: () => startNginx(folder, upstream.port),
    llmrouter: () => startRouter(folder, upstream.port),
  }
  try {
    const starts: Record<string, number[]> = {
      nginx: await measureStartups(startups, begin.nginx),
      llmrouter: await measureStartups(startups, begin.llmrouter),
    }
    targets.push(await begin.nginx(), await begin.llmrouter())
    const script = await writeScript(folder)
    const measured = new Map<string, Round[]>(targets.map(({ name }) => [name, []]))
    for (const target of targets) {
      await verify(target)
      await measure(target, script, WARM_UP)
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const target of targets) {
        console.error(`round ${round} of ${rounds}: ${target.name}`)
        measured.get(target.name)?.push(await measure(target, script, durations))
      }
    }
    await report(
      targets.map(({ name, pid }) => ({
        name,
        rounds: measured.get(name) ?? [],
        startups: starts[name] ?? [],
        peakMemory: memory(pid).peak,
      })),
    )
  } finally {
    for (const target of targets) await target.stop()
  }
}

async function report(results: readonly TargetResult[]): Promise<void> {
  const table = tabulate(results)
  const size = await binarySize()
  const date = new Date().toISOString()
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    bun: Bun.version,
    program: size ? "binary" : "source",
    rounds: plan.rounds,
    seconds: plan.durations,
  }
  const path = join(import.meta.dir, "results", `${date.slice(0, 10)}.json`)
  if (!options.smoke)
    await Bun.write(path, `${JSON.stringify({ date, machine, size, table, results }, null, 2)}\n`)
  console.log(
    `\n${formatTable(
      table,
      results.map(({ name }) => name),
    )}\n`,
  )
  if (size) {
    const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1)
    console.log(`binary: ${megabytes(size.bytes)} MB, ${megabytes(size.gzipped)} MB gzipped`)
  } else {
    console.log("measured from source: `bun run build` first to measure the binary")
  }
  console.log(
    `${machine.cpu}, ${machine.cores} cores${options.smoke ? "" : `; written to ${path}`}`,
  )
}

const folder = await mkdtemp(join(tmpdir(), "llmrouter-bench-"))
try {
  requirePrograms(["nginx", "wrk", "taskset"])
  await run(folder)
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
