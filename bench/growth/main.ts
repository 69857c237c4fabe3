// `bun run bench:growth [--smoke] [--only a,b]`: how the CPU of a request grows with deployments, keys, bodies and
// events. Everything measured, it writes the curves into docs/performance.md.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { markdownTable } from "../markdown.ts"
import { endChildrenWithUs } from "../family.ts"
import { requirePrograms, stepAside } from "../process.ts"
import { writeSection } from "../publish.ts"
import { startUpstream } from "../start-upstream.ts"
import { type Curve, curves } from "./curves.ts"
import { measureCurve, type Point } from "./measure.ts"

const { values: options } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, only: { type: "string" } },
})
const effort = options.smoke
  ? { warmUp: 1, seconds: 1, rounds: 1 }
  : { warmUp: 6, seconds: 2, rounds: 4 }

function chosen(): readonly Curve[] {
  const names = options.only?.split(",")
  const wrong = names?.find((name) => !curves.some((curve) => curve.name === name))
  if (wrong)
    throw new Error(`there is no ${wrong}, but ${curves.map(({ name }) => name).join(", ")}`)
  const all = names ? curves.filter(({ name }) => names.includes(name)) : curves
  if (!options.smoke) return all
  return all.map((curve) => ({ ...curve, sizes: curve.sizes.slice(0, 2) }))
}

const digits = (value: number) => (value < 10 ? 2 : value < 100 ? 1 : 0)
const micros = (value: number | undefined) => {
  if (value === undefined) return ""
  const fraction = digits(value)
  return value.toLocaleString("en-US", {
    minimumFractionDigits: fraction,
    maximumFractionDigits: fraction,
  })
}

/** A curve as a table. */
function tableOf({ title, show, per, comparable }: Curve, points: readonly Point[]): string {
  const head = [title, "µs a request"]
  if (per) head.push(`µs per ${per.unit}`)
  if (comparable) head.push("nginx, µs a request")
  const lines = points.map(({ size, router, nginx }) => [
    show(size),
    micros(router),
    ...(per ? [micros(router / per.count(size))] : []),
    ...(comparable ? [micros(nginx)] : []),
  ])
  return markdownTable([head, ...lines])
}

const folder = await mkdtemp(join(tmpdir(), "llmrouter-growth-"))
try {
  requirePrograms(["nginx", "wrk", "taskset", "prlimit"])
  const wanted = chosen()
  stepAside()
  endChildrenWithUs()
  const upstream = await startUpstream()
  try {
    const tables: string[] = []
    for (const curve of wanted) {
      tables.push(tableOf(curve, await measureCurve(curve, upstream.port, folder, effort)))
    }
    const text = tables.join("\n\n")
    console.log(`\nCPU of the router, on one core:\n\n${text}`)
    if (!options.smoke && !options.only) await writeSection("growth", text)
  } finally {
    await upstream.stop()
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
