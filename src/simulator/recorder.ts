import { MILLISECOND } from "../routing/worth.ts"
import type { VirtualRequest } from "./request.ts"

/** The middle and the slow end of some times, in milliseconds; NaN when there were none. */
export interface Quantiles {
  p50: number
  p95: number
  p99: number
}

/** What became of all requests. */
export interface Outcome {
  requests: number
  failed: number
  /** Failed although something healthy could have served them from their arrival to their end. */
  avoidable: number
  /** Milliseconds from a request's arrival to its first content; without streams to the whole answer. */
  ttft: Quantiles
  /** Milliseconds from a request's arrival to the end of its answer. */
  duration: Quantiles
  /** Nano-USD for a thousand answers. */
  cost: number
  /** The same with what the waiting is worth: what the oracle makes least. */
  total: number
  /** Attempts for each request, and the most that there were in any ten seconds. */
  attempts: number
  amplification: number
  /** Share of the input that came from prompt caches. */
  cacheHits: number
}

/** Milliseconds of the windows in which amplification is looked for, and the requests that one must have. */
const WINDOW = 10_000
const FEWEST = 20

/** Counts what becomes of requests. */
export interface Recorder {
  attempt(now: number): void
  /** @param cost nano-USD */
  answered(
    request: VirtualRequest,
    times: { ttft: number; duration: number },
    cost: number,
    cacheRead: number,
  ): void
  failed(avoidable: boolean): void
  /** @param cost nano-USD of an attempt whose answer nobody got */
  wasted(cost: number): void
  outcome(): Outcome
}

export function createRecorder(requests: readonly VirtualRequest[]): Recorder {
  const ttft: number[] = []
  const wholes: number[] = []
  const duration: number[] = []
  const windows = new Map<number, { requests: number; attempts: number }>()
  let attempts = 0
  let failed = 0
  let avoidable = 0
  let spent = 0
  let waited = 0
  let input = 0
  let cached = 0

  function windowAt(time: number) {
    const number = Math.floor(time / WINDOW)
    const known = windows.get(number)
    if (known) return known
    const made = { requests: 0, attempts: 0 }
    windows.set(number, made)
    return made
  }
  for (const { at } of requests) windowAt(at).requests++

  return {
    attempt(now) {
      attempts++
      windowAt(now).attempts++
    },
    answered(request, times, cost, cacheRead) {
      const wait = request.stream ? times.ttft : times.duration
      ;(request.stream ? ttft : wholes).push(wait)
      waited += wait
      duration.push(times.duration)
      spent += cost
      input += request.input
      cached += cacheRead
    },
    wasted(cost) {
      spent += cost
    },
    failed(couldHave) {
      failed++
      if (couldHave) avoidable++
    },
    outcome() {
      let amplification = 0
      for (const { requests, attempts } of windows.values()) {
        if (requests >= FEWEST) amplification = Math.max(amplification, attempts / requests)
      }
      return {
        requests: requests.length,
        failed,
        avoidable,
        ttft: quantiles(ttft.length > 0 ? ttft : wholes),
        duration: quantiles(duration),
        cost: (spent * 1000) / duration.length,
        total: ((spent + waited * MILLISECOND) * 1000) / duration.length,
        attempts: attempts / requests.length,
        amplification,
        cacheHits: input > 0 ? cached / input : 0,
      }
    },
  }
}

/** By the nearest rank, to the microsecond. */
function quantiles(samples: readonly number[]): Quantiles {
  const sorted = Float64Array.from(samples).sort()
  const at = (q: number) => {
    const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
    return Math.round(value * 1000) / 1000
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
