import type { Channel } from "../core/routing.ts"
import { MILLISECOND } from "../routing/worth.ts"
import { withinLimits } from "./time-limits.ts"
import type { Outcome } from "./recorder.ts"
import type { VirtualRequest } from "./request.ts"
import type { Setup } from "./setup.ts"
import { createStage } from "./stage.ts"
import { costOn } from "./usage.ts"

/** Milliseconds that it waits for a channel to become usable, and at least between two looks. */
const PATIENCE = 5000
const LOOK = 100

const NONE: ReadonlySet<Channel> = new Set()

/**
 * Serves each request as one would who knows all that is to come: outages, limits, every latency, and
 * its own caches. At each arrival it takes the channel that serves it at once for which money and
 * waiting together are least, so an attempt that would fail is never made. Where none would serve it,
 * it waits a little for the first that does. It decides request by request: what a choice means for
 * later requests is not in the sum.
 *
 * @param blind knows all but the luck of single attempts, which nobody can learn
 */
export function consult(setup: Setup, blind = false): Outcome {
  const { engine, channels, upstream, recorder, play } = createStage(setup, "priority")
  const { clock } = engine

  const attempt = (request: VirtualRequest, channel: Channel, blind = false) => {
    const answer = upstream(channel).look(request, clock.now(), blind)
    return withinLimits(answer, channel.deployment.timeouts, request.stream)
  }

  function bestFor(request: VirtualRequest, tried: ReadonlySet<Channel>): Channel | undefined {
    let best: Channel | undefined
    let least = Number.POSITIVE_INFINITY
    for (const channel of channels) {
      if (tried.has(channel)) continue
      const answer = attempt(request, channel, blind)
      if (!answer.ok) continue
      const wait = request.stream ? answer.ttft : answer.duration
      const score = wait * MILLISECOND + costOn(channel, request, answer.cacheRead)
      if (score >= least) continue
      best = channel
      least = score
    }
    return best
  }

  /** Comes back when something may serve it, or gives up. */
  function postpone(request: VirtualRequest): void {
    const now = clock.now()
    const ready = Math.min(...channels.map((channel) => upstream(channel).ready(request, now)))
    const next = Math.max(ready, now + LOOK)
    if (next - request.at > PATIENCE) recorder.failed(false)
    else engine.at(next, () => serve(request, NONE))
  }

  function serve(request: VirtualRequest, tried: ReadonlySet<Channel>): void {
    const now = clock.now()
    const channel = bestFor(request, tried)
    if (!channel) {
      postpone(request)
      return
    }
    const place = upstream(channel)
    const answer = attempt(request, channel)
    place.enter(request, now, answer)
    recorder.attempt(now)
    engine.at(now + (answer.ok ? answer.duration : answer.after), () => {
      place.leave()
      if (!answer.ok) {
        serve(request, new Set([...tried, channel]))
        return
      }
      const waited = now - request.at
      const times = { ttft: waited + answer.ttft, duration: waited + answer.duration }
      recorder.answered(
        request,
        times,
        costOn(channel, request, answer.cacheRead),
        answer.cacheRead,
      )
    })
  }

  play((request) => serve(request, NONE))
  return recorder.outcome()
}
