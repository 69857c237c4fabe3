import type { Life } from "../core/life.ts"
import type { GatewayError } from "../core/error.ts"
import type { Channel } from "../core/routing.ts"
import type { Trial } from "../routing/health.ts"
import { errorOf, withinLimits } from "./time-limits.ts"
import type { VirtualRequest } from "./request.ts"
import type { Stage } from "./stage.ts"
import { costOn, usageOf } from "./usage.ts"

/** An answer that has begun. */
export interface Begun {
  channel: Channel
  /** Virtual milliseconds of its first content and of its end. */
  first: number
  end: number
  cacheRead: number
  /** Ends an answer that nobody waits for. */
  drop(): void
}

/** Makes one attempt; it resolves when its answer has begun. */
export type MakeAttempt = (request: VirtualRequest, trial: Trial, life: Life) => Promise<Begun>

/** Attempts on virtual upstreams, which judge their channels as the gateway does. */
export function createAttempts(stage: Stage): MakeAttempt {
  const { engine, health, upstream, recorder } = stage
  const { clock, timers } = engine

  function attempt(request: VirtualRequest, trial: Trial, life: Life): Promise<Begun> {
    const { channel } = trial
    const place = upstream(channel)
    const now = clock.now()
    const { timeouts } = channel.deployment
    const answer = withinLimits(place.look(request, now), timeouts, request.stream)
    place.enter(request, now, answer)
    recorder.attempt(now)
    const { promise, resolve, reject } = Promise.withResolvers<Begun>()
    let over = false
    /** @returns whether it was the first to end the attempt */
    const end = () => {
      if (over) return false
      over = true
      place.leave()
      return true
    }
    const fail = (error: GatewayError) => {
      if (!end()) return
      if (error.kind === "client-gone") {
        health.release(trial)
        // Nobody gets this answer, but its prompt has been read.
        if (answer.ok) recorder.wasted(costOn(channel, { ...request, output: 0 }, answer.cacheRead))
      } else if (error.rule.next === "fail") health.succeed(trial)
      else health.fail(trial, error)
      if (error.rule.cooldown === "auth") probe(channel)
      reject(error)
    }
    life.signal.addEventListener("abort", () => fail(life.signal.reason as GatewayError))
    const tellLimits = () => {
      const told = place.told(clock.now())
      if (told) health.tell(channel, told)
    }
    if (!answer.ok) {
      timers.after(answer.after, () => {
        if (answer.kind === "upstream-rate-limited") tellLimits()
        fail(errorOf(answer))
      })
      return promise
    }

    const { ttft, duration, cacheRead } = answer
    const { stream } = request
    const finish = () => {
      if (!end()) return
      const { input, output } = usageOf(request, cacheRead)
      const first = stream ? ttft : undefined
      health.succeed(trial, { ttft: first, duration, stream, input, output, cacheRead })
    }
    const drop = () => {
      if (end()) health.release(trial)
    }
    timers.after(stream ? ttft : duration, () => {
      if (over) return
      tellLimits()
      if (stream) health.answered(trial)
      else finish()
      resolve({ channel, first: now + ttft, end: now + duration, cacheRead, drop })
      if (stream) engine.at(now + duration, finish)
    })
    return promise
  }

  /** Asks a rejected key for free when its pause ends, as the gateway does. */
  function probe(channel: Channel): void {
    const { health: live } = channel
    engine.at(live.pausedUntil, () => {
      if (live.reason !== "auth" || live.pausedUntil > clock.now()) return
      const accepted = upstream(channel).authorised(clock.now())
      health.probed(channel, accepted)
      if (!accepted) probe(channel)
    })
  }

  return attempt
}
