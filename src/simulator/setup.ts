import type { DeclaredPrice, GroupSettings, Settings } from "../core/settings.ts"
import type { Usage } from "../core/usage.ts"
import { createCourse } from "./course.ts"
import type { VirtualRequest } from "./request.ts"
import type { Scenario, UpstreamSpec } from "./scenario.ts"
import { MAIN, priceOf, settingsOf } from "./settings.ts"
import { msOf } from "./time.ts"
import type { Behaviour } from "./upstream.ts"
import { usualCount, workloadRequests } from "./workload.ts"

/** Everything that one comparison of strategies needs. */
export interface Setup {
  /** The config with one strategy for its groups. */
  settings(strategy: GroupSettings["strategy"]): Settings
  /** The group that the requests ask for. */
  readonly group: string
  readonly requests: readonly VirtualRequest[]
  /** By the deployment's id. */
  behaviour(deployment: string): Behaviour
  cost(deployment: string, declared: DeclaredPrice | undefined): (usage: Usage) => number | null
  readonly seed: number
}

export interface SetupOptions {
  /** How many requests; undefined is one length of the scenario. */
  requests?: number | undefined
  seed?: number
}

/** A scenario with its requests drawn. @throws Error when the scenario contradicts itself */
export function setUp(scenario: Scenario, { requests, seed = 1 }: SetupOptions = {}): Setup {
  const length = msOf(scenario.length)
  const { workload } = scenario
  const behaviours = new Map(
    Object.entries(scenario.upstreams).map(([id, spec]) => [id, behaviourOf(spec, length)]),
  )
  return {
    settings: (strategy) => settingsOf(scenario, strategy),
    group: MAIN,
    requests: workloadRequests(workload, length, requests ?? usualCount(workload, length), seed),
    behaviour: (id) => behaviours.get(id)!,
    cost(id, declared = priceOf(scenario.upstreams[id]!)) {
      const { input, output, cacheRead = input, cacheWrite = input } = declared
      return (usage) =>
        Math.round(
          (usage.input - usage.cacheRead - usage.cacheWrite) * input +
            usage.cacheRead * cacheRead +
            usage.cacheWrite * cacheWrite +
            usage.output * output,
        )
    },
    seed,
  }
}

function behaviourOf(spec: UpstreamSpec, length: number): Behaviour {
  const { quota = {}, cache, capacity = Number.POSITIVE_INFINITY } = spec
  return {
    ttft: msOf(spec.ttft),
    perToken: msOf(spec.perToken ?? 12),
    prefill: msOf(spec.prefill ?? 15) / 1000,
    noise: spec.noise ?? 0.05,
    window: spec.window ?? Number.POSITIVE_INFINITY,
    rpm: quota.rpm,
    tpm: quota.tpm,
    retryAfter: quota.retryAfter ?? true,
    headers: quota.headers ?? false,
    overload: spec.overload ?? "slow",
    cache: cache && { ttl: msOf(cache.ttl), minimum: cache.minimum ?? 1024 },
    course: createCourse({ length, outages: spec.outages ?? [], slow: spec.slow ?? [], capacity }),
  }
}
