import type { Channel, Strategy } from "../core/routing.ts"
import type { GroupSettings, Settings } from "../core/settings.ts"
import { buildTable } from "../routing/build-table.ts"
import { createHealth, type Health } from "../routing/health.ts"
import { createQueues, type Queues } from "../routing/queue.ts"
import type { RouteTable } from "../routing/resolve.ts"
import { findStrategy } from "../routing/strategies/index.ts"
import { watchEnds } from "../routing/watch-ends.ts"
import { createEngine, type Engine } from "./engine.ts"
import { createRecorder, type Recorder } from "./recorder.ts"
import type { VirtualRequest } from "./request.ts"
import { virtualProvider } from "./settings.ts"
import type { Setup } from "./setup.ts"
import { createUpstream, type VirtualUpstream } from "./upstream.ts"

/** One run's own clock, router and upstreams, with nothing learned and nothing used up. */
export interface Stage {
  readonly engine: Engine
  readonly settings: Settings
  readonly table: RouteTable
  readonly health: Health
  readonly queues: Queues
  /** Every channel that a request may reach, over the group's fallbacks. */
  readonly channels: readonly Channel[]
  upstream(channel: Channel): VirtualUpstream
  readonly recorder: Recorder
  /** Runs `serve` for each request at its time, until everything has ended. */
  play(serve: (request: VirtualRequest) => void): void
}

/** @param progress told now and then how many requests have arrived */
export function createStage(
  setup: Setup,
  strategy: GroupSettings["strategy"],
  progress?: (arrived: number) => void,
): Stage {
  const { requests } = setup
  const engine = createEngine()
  const settings = setup.settings(strategy)
  const queues = createQueues(engine.clock, engine.timers)
  const health = watchEnds(
    createHealth(engine.clock, () => settings),
    () => queues.freed(),
  )
  const table = buildTable({
    settings,
    providers: new Map(settings.providers.map(({ type }) => [type, virtualProvider(type)])),
    protocols: new Map(),
    findStrategy: (name): Strategy | undefined => findStrategy(name),
    health,
    cost: (vendor, model, declared) => setup.cost(`${vendor}/${model}`, declared),
    window: () => undefined,
  })
  const channels = reachable(table, setup.group)
  const upstreams = openUpstreams(setup, channels)

  return {
    engine,
    settings,
    table,
    health,
    queues,
    channels,
    upstream: (channel) => upstreams.get(channel.id)!,
    recorder: createRecorder(requests),
    play(serve) {
      function arrive(index: number): void {
        const request = requests[index]
        if (!request) return
        engine.at(request.at, () => {
          // The next one first: among what is due at once, arrivals keep their order.
          arrive(index + 1)
          serve(request)
          if (index % 10_000 === 0) progress?.(index)
        })
      }
      arrive(0)
      engine.run()
    },
  }
}

/** The channels of a group and of its fallbacks, each once. */
function reachable(table: RouteTable, name: string, seen = new Set<string>()): Channel[] {
  const group = table.find(name)
  if (!group || seen.has(name)) return []
  seen.add(name)
  const next = [...group.fallbacks, ...group.contextFallbacks]
  return [...group.channels, ...next.flatMap((fallback) => reachable(table, fallback, seen))]
}

function openUpstreams(setup: Setup, channels: readonly Channel[]): Map<string, VirtualUpstream> {
  const loads = new Map<string, { inFlight: number; keys: number }>()
  const upstreams = new Map<string, VirtualUpstream>()
  for (const { id, deployment } of channels) {
    if (upstreams.has(id)) continue
    const load = loads.get(deployment.id) ?? { inFlight: 0, keys: 0 }
    loads.set(deployment.id, load)
    const place = { key: load.keys++, index: upstreams.size, load, seed: setup.seed }
    upstreams.set(id, createUpstream({ behaviour: setup.behaviour(deployment.id), ...place }))
  }
  return upstreams
}
