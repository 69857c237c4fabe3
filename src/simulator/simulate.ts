import type { Channel, RoutingRequest } from "../core/routing.ts"
import type { GroupSettings } from "../core/settings.ts"
import { NEVER_DUE } from "../routing/due.ts"
import { exhausted } from "../routing/exhausted.ts"
import { filters } from "../routing/filters/index.ts"
import type { Trial } from "../routing/health.ts"
import { pursue } from "../routing/pursue.ts"
import { createRetryBudget } from "../routing/retry-budget.ts"
import { createWalk } from "../routing/walk.ts"
import { errorOf, withinLimits } from "./attempt.ts"
import { createRandom } from "./random.ts"
import type { Outcome } from "./recorder.ts"
import type { VirtualRequest } from "./request.ts"
import type { Setup } from "./setup.ts"
import { createStage } from "./stage.ts"
import { costOn, usageOf } from "./usage.ts"

/** An answer that has begun. */
interface Begun {
  channel: Channel
  /** Virtual milliseconds of its first content and of its end. */
  first: number
  end: number
  cacheRead: number
}

/** Routes every request of a setup with the router's own code, and says what came of it. */
export function simulate(
  setup: Setup,
  strategy: GroupSettings["strategy"],
  progress?: (arrived: number) => void,
): Outcome {
  const stage = createStage(setup, strategy, progress)
  const { engine, table, health, channels, upstream, recorder } = stage
  const { clock, timers } = engine
  const random = createRandom(setup.seed)
  const budget = createRetryBudget()
  const group = table.groups.get(setup.group)!

  /** One attempt, judged as the gateway judges it. */
  function attempt(request: VirtualRequest, trial: Trial, life: AbortController): Promise<Begun> {
    const { channel } = trial
    const { timeouts } = channel.deployment
    const place = upstream(channel)
    const now = clock.now()
    const answer = withinLimits(place.look(request, now), timeouts, request.stream)
    place.enter(request, now, answer)
    recorder.attempt(now)
    const { promise, resolve, reject } = Promise.withResolvers<Begun>()
    let over = false
    life.signal.addEventListener("abort", () => {
      if (over) return
      over = true
      place.leave()
      const { reason } = life.signal
      if (reason.rule.breaker) health.fail(trial, reason)
      else health.release(trial)
      reject(reason)
    })

    if (!answer.ok) {
      timers.after(answer.after, () => {
        if (over) return
        over = true
        place.leave()
        const error = errorOf(answer)
        if (error.rule.next === "fail") health.succeed(trial)
        else health.fail(trial, error)
        reject(error)
      })
      return promise
    }

    const { ttft, duration, cacheRead } = answer
    const begun = { channel, first: now + ttft, end: now + duration, cacheRead }
    const finish = () => {
      place.leave()
      const { input, output } = usageOf(request, cacheRead)
      health.succeed(trial, {
        ttft: request.stream ? ttft : undefined,
        duration,
        stream: request.stream,
        input,
        output,
        cacheRead,
      })
      const told = place.told(clock.now())
      if (told) health.tell(channel, told)
    }
    timers.after(request.stream ? ttft : duration, () => {
      if (over) return
      over = true
      if (request.stream) {
        health.answered(trial)
        engine.at(begun.end, finish)
      } else finish()
      resolve(begun)
    })
    return promise
  }

  /** Whether something was healthy from a request's arrival to its failure, and would have served it. */
  function avoidable(request: VirtualRequest): boolean {
    const now = clock.now()
    return channels.some((channel) => {
      const place = upstream(channel)
      return place.well(request.at) && place.look(request, now).ok
    })
  }

  function serve(request: VirtualRequest): void {
    const routed = routingRequest(request)
    const { stream } = request
    const { answer } = pursue<Begun>({
      clock,
      timers,
      budget,
      due: NEVER_DUE,
      stream,
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
      attempt: (_step, trial, life) => attempt(request, trial, life),
      drop() {},
      exhausted: (walk) => exhausted(group, walk.opened, health, clock),
    })
    answer.then(
      ({ channel, first, end, cacheRead }) => {
        const times = { ttft: first - request.at, duration: end - request.at }
        recorder.answered(request, times, costOn(channel, request, cacheRead), cacheRead)
      },
      () => recorder.failed(request, avoidable(request)),
    )
  }

  stage.play(serve)
  return recorder.outcome()
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
