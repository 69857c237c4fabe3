import type { Course } from "../../src/simulator/course.ts"
import { createCourse } from "../../src/simulator/course.ts"
import type { VirtualRequest } from "../../src/simulator/request.ts"
import type { Outage, Scenario, UpstreamSpec } from "../../src/simulator/scenario.ts"
import type { Behaviour, VirtualUpstream } from "../../src/simulator/upstream.ts"
import { createUpstream } from "../../src/simulator/upstream.ts"

/** A request of 1,000 tokens in and 100 out that is as hard as any. */
export function virtualRequest(options: Partial<VirtualRequest> = {}): VirtualRequest {
  return {
    index: 0,
    at: 0,
    session: undefined,
    caller: "caller",
    stream: true,
    input: 1000,
    output: 100,
    bytes: 4000,
    difficulty: 1,
    ...options,
  }
}

export function courseOf(outages: readonly Outage[], length = 1_000_000): Course {
  return createCourse({ length, outages, slow: [], capacity: Number.POSITIVE_INFINITY })
}

/** An upstream with 100 ms to the first token and 10 ms for each, without any chance in it. */
export function virtualUpstream(options: Partial<Behaviour> = {}, seed = 1): VirtualUpstream {
  const behaviour: Behaviour = {
    ttft: 100,
    perToken: 10,
    prefill: 0,
    noise: 0,
    window: Number.POSITIVE_INFINITY,
    rpm: undefined,
    tpm: undefined,
    retryAfter: true,
    headers: false,
    overload: "slow",
    cache: undefined,
    course: courseOf([]),
    ...options,
  }
  return createUpstream({ behaviour, key: 0, index: 0, load: { inFlight: 0 }, seed })
}

/** A scenario without chance: constant times and sizes, and requests that come by Poisson's law. */
export function plainScenario(
  upstreams: Record<string, Partial<UpstreamSpec>>,
  options: Partial<Scenario> = {},
): Scenario {
  const plain: UpstreamSpec = {
    ttft: "100ms",
    perToken: "10ms",
    prefill: 0,
    noise: 0,
    price: { input: 1, output: 10 },
  }
  return {
    name: "plain",
    description: "Nothing is left to chance",
    length: "10m",
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([id, spec]) => [id, { ...plain, ...spec }]),
    ),
    workload: { rate: 2, input: 1000, output: 100, spread: 0 },
    ...options,
  }
}
