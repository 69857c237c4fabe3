// `bun run bench`: the router beside nginx, the bare upstream and other gateways, in one run on this
// machine. What is measured has a core of its own; the upstream and the load share another one.
// docs/performance.md says what is measured and how to read it.
import { mkdtemp, rm } from "node:fs/promises"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Part } from "./part.ts"
import { parts as allParts } from "./parts/index.ts"
import { peers as allPeers } from "./peers/index.ts"
import type { Peer } from "./peers/peer.ts"
import { findPeers } from "./peers-at-hand.ts"
import { plans } from "./plan.ts"
import { endChildrenWithUs } from "./family.ts"
import { requirePrograms, stepAside } from "./process.ts"
import { publish } from "./publish.ts"
import type { Report } from "./report.ts"
import { reportText } from "./report-text.ts"
import { run } from "./run.ts"
import { routerProgram } from "./start-router.ts"
import { startUpstream } from "./start-upstream.ts"

const HELP = `bun run bench [options]

  --quick            under two minutes, without other gateways
  --smoke            only shows that the bench works; keeps nothing
  --only a,b         only these parts: ${allParts.map(({ name }) => name).join(", ")}
  --peers a,b        only these gateways, or none: ${allPeers.map(({ name }) => name).join(", ")}
  --install          puts gateways that are missing into a cache folder first
  --without-missing  goes on without those that are missing
  --help             this
`

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string" },
    install: { type: "boolean", default: false },
    "without-missing": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})
const plan = options.smoke ? plans.smoke : options.quick ? plans.quick : plans.full

/** Those of a list that were asked for by name. @throws for a name that is not there */
function chosen<Item extends { name: string }>(
  all: readonly Item[],
  names: string | undefined,
  flag: string,
): readonly Item[] {
  if (names === undefined) return all
  return names.split(",").map((name) => {
    const item = all.find((each) => each.name === name)
    if (item) return item
    throw new Error(`${flag}: there is no ${name}, but ${all.map((each) => each.name).join(", ")}`)
  })
}

function chosenPeers(): readonly Peer[] {
  if (options.peers === "none") return []
  return options.peers || plan.name === "full" ? chosen(allPeers, options.peers, "--peers") : []
}

async function bench(folder: string): Promise<Report> {
  const parts: readonly Part[] = chosen(allParts, options.only, "--only")
  requirePrograms(["nginx", "wrk", "taskset", "prlimit"])
  const { ready, missing, unavailable } = await findPeers(chosenPeers(), options.install)
  for (const { name, reason } of missing) console.error(`MISSING: ${name}: ${reason}`)
  if (missing.length > 0 && !options["without-missing"]) {
    const names = missing.map(({ name }) => name).join(", ")
    throw new Error(`missing: ${names}; \`--install\` brings them, \`--without-missing\` goes on`)
  }
  stepAside()
  endChildrenWithUs()
  const upstream = await startUpstream()
  try {
    const outcome = await run(upstream, { plan, folder, upstreamPort: upstream.port }, parts, ready)
    return {
      date: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model ?? "unknown",
        cores: cpus().length,
        bun: Bun.version,
        program: routerProgram().length === 1 ? "executable" : "source",
      },
      plan,
      peers: ready.map(({ name, language, source }) => ({ name, language, source })),
      missing,
      unavailable,
      ...outcome,
    }
  } finally {
    await upstream.stop()
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "llmrouter-bench-"))
  try {
    const report = await bench(folder)
    console.log(`\n${reportText(report)}\n`)
    if (report.machine.program === "source") {
      console.log("Measured from source: `bun run build` first to measure the executable.")
    }
    if (plan.name !== "smoke" && !options.only) {
      // A quick run is for whoever changes something: it is not kept in the history.
      const place = plan.name === "quick" ? "results/tmp" : "results"
      const path = join(import.meta.dir, place, `${report.date.slice(0, 10)}.json`)
      await Bun.write(path, `${JSON.stringify(report, null, 2)}\n`)
      console.log(`Written to ${path}`)
      if (plan.name === "full") await publish(report)
    }
    if (report.failures.length > 0) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (options.help) console.log(HELP)
else {
  await main().catch((error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  })
}
