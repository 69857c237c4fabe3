import type { GatewayError } from "../core/error.ts"
import type { Group, RoutingRequest } from "../core/routing.ts"
import type { GroupSettings } from "../core/settings.ts"
import { type Due, NEVER_DUE } from "../routing/due.ts"
import { exhausted } from "../routing/exhausted.ts"
import { filters } from "../routing/filters/index.ts"
import { hedgeDelay } from "../routing/hedge.ts"
import { pursue } from "../routing/pursue.ts"
import { createRetryBudget } from "../routing/retry-budget.ts"
import { createWalk } from "../routing/walk.ts"
import { type Begun, createAttempts } from "./attempts.ts"
import { createRandom } from "./random.ts"
import type { Outcome } from "./recorder.ts"
import type { VirtualRequest } from "./request.ts"
import type { Setup } from "./setup.ts"
import { createStage } from "./stage.ts"
import { withinLimits } from "./time-limits.ts"
import { costOn } from "./usage.ts"

/** Milliseconds in which a router may find out that an upstream is well again: it cannot know at once. */
const NOTICE = 10_000

/** Routes every request of a setup with the router's own code, and says what came of it. */
export function simulate(
  setup: Setup,
  strategy: GroupSettings["strategy"],
  progress?: (arrived: number) => void,
): Outcome {
  const stage = createStage(setup, strategy, progress)
  const { engine, table, health, queues, channels, upstream, recorder } = stage
  const { clock, timers } = engine
  const random = createRandom(setup.seed)
  const budget = createRetryBudget()
  const group = table.groups.get(setup.group)!
  const attempt = createAttempts(stage)

  /** Whether something was well since before a request's arrival, and would have served it in the end. */
  function avoidable(request: VirtualRequest): boolean {
    const now = clock.now()
    return channels.some((channel) => {
      const place = upstream(channel)
      const { timeouts } = channel.deployment
      if (!place.well(request.at) || !place.well(Math.max(0, request.at - NOTICE))) return false
      return withinLimits(place.look(request, now), timeouts, request.stream).ok
    })
  }

  function serve(request: VirtualRequest): void {
    const routed = routingRequest(request)
    const { stream } = request
    const { answer } = pursue<Begun>({
      clock,
      timers,
      budget,
      due: dueOf(group, request.at),
      stream,
      hedgeAfter: hedgeDelay(group.hedge, routed),
      queue: group.queue && {
        ...group.queue,
        queue: queues.of(group.name),
        caller: request.caller,
        kind: "",
      },
      walk: () =>
        createWalk({
          resolution: { group },
          table,
          health,
          clock,
          budget,
          request: routed,
          filters,
          refuses: () => undefined,
          random,
        }),
      attempt(_step, trial, run) {
        attempt(request, trial, run).then(
          (begun) => run.answered(begun),
          (error: GatewayError) => run.failed(error),
        )
      },
      drop: (answer) => answer.drop(),
      exhausted: (walk) => exhausted(group, walk.opened, health, clock),
    })
    answer.then(
      ({ channel, first, end, cacheRead }) => {
        const times = { ttft: first - request.at, duration: end - request.at }
        recorder.answered(request, times, costOn(channel, request, cacheRead), cacheRead)
      },
      () => recorder.failed(avoidable(request)),
    )
  }

  stage.play(serve)
  return recorder.outcome()
}

function dueOf({ total }: Group, arrived: number): Due {
  if (total === 0) return NEVER_DUE
  return { at: arrived + total, ms: total, name: "timeouts.total", callers: false }
}

/** Bytes of JSON that the router takes for a token. */
const BYTES_PER_TOKEN = 4
const NOTHING: RoutingRequest["needs"] = new Set()

/** What routing sees of a virtual request. */
function routingRequest({ stream, bytes, session, caller }: VirtualRequest): RoutingRequest {
  return {
    operation: "chat",
    stream,
    bytes,
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    maxTokens: undefined,
    needs: NOTHING,
    tags: [],
    region: undefined,
    session,
    caller,
  }
}
