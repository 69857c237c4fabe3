import type { Channel } from "../core/routing.ts"
import type { Outcome } from "./recorder.ts"
import type { VirtualRequest } from "./request.ts"
import type { Setup } from "./setup.ts"
import { createStage } from "./stage.ts"
import { costOn } from "./usage.ts"
import { MILLISECOND } from "./worth.ts"

/** Milliseconds that it waits for a channel to become usable, and between two looks meanwhile. */
const PATIENCE = 5000
const LOOK = 100

interface Choice {
  channel: Channel
  /** Virtual milliseconds when the attempt begins. */
  at: number
  /** Nano-USD, with what the waiting is worth. */
  score: number
}

/**
 * Serves each request as one would who knows all that is to come: outages, limits, every latency, and
 * its own caches. At each arrival it takes the channel (or the short wait) for which money and waiting
 * together are least, so an attempt that would fail is never made. It decides request by request: what
 * a choice means for later requests is not in the sum.
 *
 * @param blind knows all but the luck of single attempts, which nobody can learn
 */
export function consult(setup: Setup, blind = false): Outcome {
  const { engine, channels, upstream, recorder, play } = createStage(setup, "priority")
  const { clock } = engine

  function bestFor(request: VirtualRequest, tried: ReadonlySet<Channel>): Choice | undefined {
    const now = clock.now()
    let best: Choice | undefined
    for (const channel of channels) {
      if (tried.has(channel)) continue
      const place = upstream(channel)
      const at = Math.max(now, place.ready(request, now))
      if (at - request.at > PATIENCE) continue
      const answer = place.look(request, at, blind)
      if (!answer.ok) continue
      const wait = at - request.at + (request.stream ? answer.ttft : answer.duration)
      const score = wait * MILLISECOND + costOn(channel, request, answer.cacheRead)
      if (!best || score < best.score) best = { channel, at, score }
    }
    return best
  }

  function serve(request: VirtualRequest, tried: ReadonlySet<Channel> = new Set()): void {
    const now = clock.now()
    const choice = bestFor(request, tried)
    if (!choice) {
      if (now + LOOK - request.at > PATIENCE) return recorder.failed(request, false)
      return engine.at(now + LOOK, () => serve(request))
    }
    // Others may have used it up until then: it is looked at again.
    if (choice.at > now) return engine.at(choice.at, () => serve(request, tried))
    const { channel } = choice
    const place = upstream(channel)
    const answer = place.look(request, now)
    place.enter(request, now, answer)
    recorder.attempt(now)
    engine.at(now + (answer.ok ? answer.duration : answer.after), () => {
      place.leave()
      if (!answer.ok) return serve(request, new Set([...tried, channel]))
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

  play((request) => serve(request))
  return recorder.outcome()
}
