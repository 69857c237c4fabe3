import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { firstAnswer, freePort } from "../process.ts"
import { chatRequest, messagesRequest, wireOf } from "../request.ts"
import { routerConfig, routerAddress } from "../start-router.ts"
import { repeat } from "./repeat.ts"
import { startSteppingUpstream, type SteppingUpstream } from "./stepping-upstream.ts"

/** What a process has allocated so far, or a request on average. */
export interface Counters {
  /** Bytes of JavaScript values. */
  heapBytes: number
  /** Allocations of native memory, whatever their size. */
  nativeCount: number
}

/** What requests do: a whole answer, a stream of 100 events, and one that is translated. */
export const WORKS = ["whole", "stream", "translated"] as const

/** One of them. */
export type Work = (typeof WORKS)[number]

/** Allocations of one request of each. */
export type Allocations = Record<Work, Counters>

/** Requests of a round; streams are fewer, for each is longer, but enough for what comes now and then to be little of each. */
const REQUESTS: Readonly<Record<Work, number>> = { whole: 300, stream: 60, translated: 60 }
const WARM_UP = 2
/** The least of them counts: what is done by the clock is least where nothing was slow. */
const ROUNDS = 8

/**
 * Without collections memory only grows, by exactly what is allocated; without compilers it does so in
 * the same way each time, for none of them finds out that a value is not needed.
 */
const EXACT = {
  BUN_JSC_useGC: "0",
  BUN_JSC_useBaselineJIT: "0",
  BUN_JSC_useDFGJIT: "0",
  BUN_GC_TIMER_DISABLE: "1",
  // The router would start itself again with it, and lose the probe.
  BUN_CONFIG_MAX_HTTP_REQUESTS: "1000",
}

const root = join(import.meta.dir, "../..")

/** A router in a process of its own, which says what it has allocated. */
interface Probed {
  port: number
  look(): Promise<Counters>
  stop(): Promise<void>
}

async function startProbed(
  folder: string,
  upstreamPort: number,
  preload: readonly string[],
): Promise<Probed> {
  const port = await freePort()
  const config = join(folder, "llmrouter.config.json")
  await Bun.write(config, JSON.stringify(routerConfig(upstreamPort, port)))
  const waiting: ((counters: Counters) => void)[] = []
  const modules = [join(import.meta.dir, "probe.ts"), ...preload]
  const flags = modules.flatMap((path) => ["--preload", path])
  const command = [process.execPath, ...flags, join(root, "src/cli/main.ts"), "--config", config]
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { ...process.env, ...EXACT },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    ipc: (counters: Counters) => waiting.shift()?.(counters),
  })
  const ended = child.exited.then((status): never => {
    throw new Error(`the router ended with status ${status}`)
  })
  ended.catch(() => {})
  const ready = firstAnswer(`http://127.0.0.1:${port}/health/live`, performance.now())
  await Promise.race([ready, ended])
  return {
    port,
    look() {
      const counters = new Promise<Counters>((resolve) => waiting.push(resolve))
      child.send("look")
      return Promise.race([counters, ended])
    },
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

/**
 * Counts what one request of these sorts allocates, from its first byte to its last, in the least of a
 * few rounds: what the router does now and then on its own only adds to it.
 */
export async function countAllocations<Asked extends Work>(
  works: readonly Asked[],
  preload: readonly string[] = [],
): Promise<Record<Asked, Counters>> {
  const folder = await mkdtemp(join(tmpdir(), "llmrouter-guard-"))
  const upstream = startSteppingUpstream()
  try {
    const router = await startProbed(folder, upstream.port, preload)
    try {
      return await count(router, upstream, works)
    } finally {
      await router.stop()
    }
  } finally {
    upstream.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function count<Asked extends Work>(
  router: Probed,
  upstream: SteppingUpstream,
  works: readonly Asked[],
): Promise<Record<Asked, Counters>> {
  const address = routerAddress(router.port)
  const requests: Readonly<Record<Work, Buffer>> = {
    whole: wireOf(chatRequest(address, "plain")),
    stream: wireOf(chatRequest(address, "paced")),
    translated: wireOf(messagesRequest(address, "paced")),
  }
  const least = {} as Record<Asked, Counters>
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const work of works) {
      const before = await router.look()
      await repeat(router.port, requests[work], REQUESTS[work], upstream.step)
      const after = await router.look()
      const each = (name: keyof Counters) =>
        Math.min(
          round > 0 ? least[work][name] : Number.POSITIVE_INFINITY,
          Math.round((after[name] - before[name]) / REQUESTS[work]),
        )
      least[work] = { heapBytes: each("heapBytes"), nativeCount: each("nativeCount") }
    }
  }
  return least
}
