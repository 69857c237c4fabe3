import { Life } from "../core/life.ts"
import type { Clock, Timers } from "../core/clock.ts"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { Due } from "./due.ts"
import { attemptLate, LEAST_TIME, tooLate } from "./due.ts"
import type { Trial } from "./health.ts"
import type { Queue } from "./queue.ts"
import type { RetryBudget } from "./retry-budget.ts"
import type { Step, Walk } from "./walk.ts"

/** What the attempts of one request need of whoever makes them: the gateway, or the simulator. */
export interface Pursuit<Answer> {
  clock: Clock
  timers: Timers
  budget: RetryBudget
  /** A fresh decision; asked for again when the request has waited in the queue. */
  walk(): Walk
  /** By when the answer has to begin. */
  due: Due
  /** Whether the answer streams: then an attempt leaves time for the next one. */
  stream: boolean
  /** Milliseconds after which a second attempt begins beside this one; undefined is never. */
  hedgeAfter?: ((step: Step) => number | undefined) | undefined
  /** Where the request waits when every channel is at its limit. */
  queue?:
    | { queue: Queue; caller: string | null; kind: string; max: number; timeout: number }
    | undefined
  /**
   * Makes one attempt. Resolves when its answer has begun; from then on there is no other.
   *
   * @param trial of the step's channel; the attempt ends it when it fails
   * @param life aborted with a GatewayError when the attempt is to end before it has answered
   * @throws GatewayError that says what is next; the channel was judged by it already
   */
  attempt(step: Step, trial: Trial, life: Life): Promise<Answer>
  /** Ends an answer that nobody waits for any more. */
  drop(answer: Answer): void
  /** Why no attempt could be made at all. */
  exhausted(walk: Walk): GatewayError
  /** Told of every failed attempt that something else follows. */
  failed?(step: Step, error: GatewayError): void
}

/** A pursuit under way. */
export interface Pursued<Answer> {
  /** @throws GatewayError of the last attempt, or why none could be made, or what it was ended with */
  readonly answer: Promise<Answer>
  /** Ends all of its attempts and waits at once; nothing when it has been answered. */
  end(error: GatewayError): void
}

/** What ends the slower one of two attempts. */
export const LOST = "hedge_lost"

/** Takes attempt after attempt until one answers. */
export function pursue<Answer>(pursuit: Pursuit<Answer>): Pursued<Answer> {
  const { clock, timers, budget, due } = pursuit
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const running = new Map<Step, Life>()
  /** What calls off the timers and the queue. */
  const waits = new Set<() => void>()
  let walk = pursuit.walk()
  let last: GatewayError | undefined
  let over = false
  let counted = false

  /** Runs now or later what must not throw into the void. */
  function safely(run: () => void): void {
    try {
      run()
    } catch (thrown) {
      end(toGatewayError(thrown))
    }
  }

  function after(ms: number, run: () => void): () => void {
    const cancel = timers.after(ms, () => {
      waits.delete(stop)
      safely(run)
    })
    const stop = () => {
      waits.delete(stop)
      cancel()
    }
    waits.add(stop)
    return stop
  }

  /** Whether the request is one of those that are active. */
  function count(active: boolean): void {
    if (active === counted) return
    counted = active
    if (active) budget.enter()
    else budget.leave()
  }

  function settle(): void {
    over = true
    count(false)
    for (const stop of waits) stop()
  }

  function end(error: GatewayError): void {
    if (over) return
    settle()
    for (const [step, life] of running) {
      walk.abandoned(step)
      life.abort(error)
    }
    reject(error)
  }

  function advance(): void {
    if (due.at - clock.now() < LEAST_TIME) {
      end(walk.more() ? tooLate(due) : (last ?? tooLate(due)))
      return
    }
    const step = walk.next()
    if (!step) giveUp()
    else if (step.wait === 0) launch(step)
    else pause(step)
  }

  function pause(step: Step): void {
    // Whoever ends the request meanwhile gives back what the step took.
    running.set(step, new Life())
    const tooLong = clock.now() + step.wait + LEAST_TIME > due.at
    if (tooLong) end(last ?? tooLate(due))
    else after(step.wait, () => (walk.mayBegin(step) ? launch(step) : skip(step)))
  }

  function skip(step: Step): void {
    running.delete(step)
    walk.abandoned(step)
    advance()
  }

  function launch(step: Step): void {
    const trial = walk.begin(step)
    const life = new Life()
    running.set(step, life)
    const stops: (() => void)[] = []
    const left = due.at - clock.now()
    if (pursuit.stream && left < Number.POSITIVE_INFINITY && step.why !== "hedge" && walk.more()) {
      stops.push(after(left / 2, () => life.abort(attemptLate(due, left / 2))))
    }
    const delay = step.why === "hedge" ? undefined : pursuit.hedgeAfter?.(step)
    if (delay !== undefined && delay < left) {
      stops.push(
        after(delay, () => {
          const second = walk.hedge(step)
          if (second) launch(second)
        }),
      )
    }
    const done = () => {
      for (const stop of stops) stop()
      running.delete(step)
    }
    pursuit.attempt(step, trial, life).then(
      (answer) => {
        if (over) {
          pursuit.drop(answer)
          return
        }
        done()
        safely(() => won(step, answer))
      },
      (thrown: unknown) => {
        if (over) return
        done()
        safely(() => lost(step, thrown as GatewayError))
      },
    )
  }

  function won(step: Step, answer: Answer): void {
    settle()
    walk.answered(step)
    for (const [other, life] of running) {
      walk.abandoned(other)
      life.abort(new GatewayError("client-gone", "Another attempt answered first.", { code: LOST }))
    }
    resolve(answer)
  }

  function lost(step: Step, error: GatewayError): void {
    const goesOn = walk.failed(step, error)
    // That this upstream cannot do it says less than what another one said.
    last = error.kind === "unsupported" ? (last ?? error) : error
    if (!goesOn) {
      end(error)
      return
    }
    pursuit.failed?.(step, error)
    if (running.size === 0) advance()
  }

  function giveUp(): void {
    const limited = last === undefined || last.rule.cooldown === "rate-limit"
    const waits = limited && walk.earliest() !== undefined && join()
    if (!waits) end(last ? soonest(last) : pursuit.exhausted(walk))
  }

  /** The error of a limit or of an outage, with the time when the first of all channels is to be had. */
  function soonest(error: GatewayError): GatewayError {
    const { cooldown, breaker } = error.rule
    const at =
      cooldown === "rate-limit" ? walk.earliest() : breaker ? walk.endOfOutage() : undefined
    if (at === undefined || at === Number.POSITIVE_INFINITY) return error
    const wait = Math.max(0, at - clock.now())
    const { retryAfterMs = Number.POSITIVE_INFINITY } = error.detail
    if (wait >= retryAfterMs) return error
    return new GatewayError(error.kind, error.message, { ...error.detail, retryAfterMs: wait })
  }

  /** @returns whether the request waits now, or has waited and gone on */
  function join(): boolean {
    if (!pursuit.queue) return false
    const { queue, caller, kind, max, timeout } = pursuit.queue
    function ask(): number | undefined {
      walk = pursuit.walk()
      const step = walk.next()
      if (!step) return walk.earliest() ?? Number.POSITIVE_INFINITY
      waits.delete(leave!)
      count(true)
      safely(() => launch(step))
      return undefined
    }
    function expired(): void {
      waits.delete(leave!)
      // Nobody has looked at it while it stood behind others.
      if (ask() !== undefined) end(pursuit.exhausted(walk))
    }
    const leave = queue.enter({ caller, kind, ask, expired }, { max, timeout })
    if (!leave) return false
    waits.add(leave)
    // Whoever waits does not make room for retries.
    count(false)
    queue.wake()
    return true
  }

  count(true)
  safely(() => {
    if (due.at < Number.POSITIVE_INFINITY) after(due.at - clock.now(), () => end(tooLate(due)))
    if (over) return
    // Those who wait for the same already come first.
    if (pursuit.queue?.queue.waits(pursuit.queue.kind) && join()) return
    advance()
  })
  return { answer: promise, end }
}
