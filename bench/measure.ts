import { cpuTime, memory } from "./process.ts"
import { readStreams } from "./streams.ts"
import type { Target } from "./targets.ts"
import { load } from "./wrk.ts"

/** Connections, and streams, at once under load. */
export const WIDTH = 64

/** How long each part of a round takes, in seconds. */
export interface Durations {
  load: number
  single: number
  stream: number
}

/** One round over one target. Latencies in milliseconds, CPU in microseconds, memory in bytes. */
export interface Round {
  perSecond: number
  cpuPerRequest: number
  p50Loaded: number
  p99Loaded: number
  p50Single: number
  p99Single: number
  chunksPerSecond: number
  cpuPerChunk: number
  cpuPerPacedChunk: number
  memory: number
}

/** Measures everything once. */
export async function measure(
  target: Target,
  script: string,
  durations: Durations,
): Promise<Round> {
  const url = `http://127.0.0.1:${target.port}/v1/chat/completions`
  const cpuOf = async <T>(work: () => Promise<T>) => {
    const before = cpuTime(target.pid)
    const result = await work()
    return { result, cpu: cpuTime(target.pid) - before }
  }
  const loaded = await cpuOf(() => load(script, url, WIDTH, durations.load))
  const single = await load(script, url, 1, durations.single)
  const fast = await cpuOf(() => readStreams(target.port, "fast", WIDTH, durations.stream))
  const paced = await cpuOf(() => readStreams(target.port, "paced", WIDTH, durations.stream))
  return {
    perSecond: loaded.result.perSecond,
    cpuPerRequest: loaded.cpu / loaded.result.requests,
    p50Loaded: loaded.result.p50,
    p99Loaded: loaded.result.p99,
    p50Single: single.p50,
    p99Single: single.p99,
    chunksPerSecond: fast.result.perSecond,
    cpuPerChunk: fast.cpu / fast.result.chunks,
    cpuPerPacedChunk: paced.cpu / paced.result.chunks,
    memory: memory(target.pid).now,
  }
}
