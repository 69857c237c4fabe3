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
  /** Told how it ends, in the same turn: whoever waits for the answer is told a moment later. */
  answered?(answer: Answer): void
  ended?(error: GatewayError): void
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
  const chase = new Chase(pursuit)
  chase.begin()
  return chase
}

interface Running {
  readonly step: Step
  readonly life: Life
}

/** A class, since every request has one: most make one attempt, which answers. */
class Chase<Answer> implements Pursued<Answer> {
  readonly answer: Promise<Answer>
  readonly #pursuit: Pursuit<Answer>
  /** Attempts under way, and steps that wait to become one. */
  readonly #running: Running[] = []
  /** What calls off the timers and the queue. */
  #waits: Set<() => void> | undefined
  #resolve!: (answer: Answer) => void
  #reject!: (error: GatewayError) => void
  #walk: Walk
  #last: GatewayError | undefined
  #over = false
  #counted = false

  constructor(pursuit: Pursuit<Answer>) {
    this.#pursuit = pursuit
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#walk = pursuit.walk()
  }

  begin(): void {
    const { due, clock, queue } = this.#pursuit
    this.#count(true)
    try {
      if (due.at < Number.POSITIVE_INFINITY) {
        this.#after(due.at - clock.now(), () => this.end(tooLate(due)))
      }
      if (this.#over) return
      // Those who wait for the same already come first.
      if (queue?.queue.waits(queue.kind) && this.#join()) return
      this.#advance()
    } catch (thrown) {
      this.end(toGatewayError(thrown))
    }
  }

  end(error: GatewayError): void {
    if (this.#over) return
    this.#settle()
    for (const { step, life } of this.#running) {
      this.#walk.abandoned(step)
      life.abort(error)
    }
    this.#pursuit.ended?.(error)
    this.#reject(error)
  }

  /** Runs later what must not throw into the void. */
  #safely(run: () => void): void {
    try {
      run()
    } catch (thrown) {
      this.end(toGatewayError(thrown))
    }
  }

  #after(ms: number, run: () => void): () => void {
    this.#waits ??= new Set()
    const waits = this.#waits
    const cancel = this.#pursuit.timers.after(ms, () => {
      waits.delete(stop)
      this.#safely(run)
    })
    const stop = () => {
      waits.delete(stop)
      cancel()
    }
    waits.add(stop)
    return stop
  }

  /** Whether the request is one of those that are active. */
  #count(active: boolean): void {
    if (active === this.#counted) return
    this.#counted = active
    const { budget } = this.#pursuit
    if (active) budget.enter()
    else budget.leave()
  }

  #settle(): void {
    this.#over = true
    this.#count(false)
    if (this.#waits) for (const stop of this.#waits) stop()
  }

  #advance(): void {
    const { due } = this.#pursuit
    if (this.#left(due) < LEAST_TIME) {
      this.end(this.#walk.more() ? tooLate(due) : (this.#last ?? tooLate(due)))
      return
    }
    const step = this.#walk.next()
    if (!step) this.#giveUp()
    else if (step.wait === 0) this.#launch(step)
    else this.#pause(step)
  }

  /** Milliseconds that are left; nobody looks at the clock where there is no limit. */
  #left({ at }: Due): number {
    return at === Number.POSITIVE_INFINITY ? at : at - this.#pursuit.clock.now()
  }

  #pause(step: Step): void {
    const { due, clock } = this.#pursuit
    // Whoever ends the request meanwhile gives back what the step took.
    this.#running.push({ step, life: new Life() })
    const tooLong = clock.now() + step.wait + LEAST_TIME > due.at
    if (tooLong) {
      this.end(this.#last ?? tooLate(due))
      return
    }
    this.#after(step.wait, () => {
      if (this.#walk.mayBegin(step)) this.#launch(step)
      else this.#skip(step)
    })
  }

  #skip(step: Step): void {
    this.#remove(step)
    this.#walk.abandoned(step)
    this.#advance()
  }

  #launch(step: Step): void {
    const trial = this.#walk.begin(step)
    const life = new Life()
    this.#remove(step)
    this.#running.push({ step, life })
    const stop = this.#watch(step, life)
    this.#pursuit.attempt(step, trial, life).then(
      (answer) => {
        if (this.#over) {
          this.#pursuit.drop(answer)
          return
        }
        stop?.()
        this.#remove(step)
        this.#won(step, answer)
      },
      (thrown: unknown) => {
        if (this.#over) return
        stop?.()
        this.#remove(step)
        this.#safely(() => this.#lost(step, thrown as GatewayError))
      },
    )
  }

  #remove(step: Step): void {
    const running = this.#running
    for (let at = 0; at < running.length; at++) {
      if (running[at]!.step !== step) continue
      running[at] = running[running.length - 1]!
      running.pop()
      return
    }
  }

  /** Starts what an attempt's time leads to. @returns what calls that off; undefined where it leads to nothing */
  #watch(step: Step, life: Life): (() => void) | undefined {
    const { stream, due, hedgeAfter } = this.#pursuit
    if (step.why === "hedge") return undefined
    const left = this.#left(due)
    const impatient = stream && left < Number.POSITIVE_INFINITY && this.#walk.more()
    const late = impatient
      ? this.#after(left / 2, () => life.abort(attemptLate(due, left / 2)))
      : undefined
    const delay = hedgeAfter?.(step)
    if (delay === undefined || delay >= left) return late
    const hedge = this.#after(delay, () => {
      const second = this.#walk.hedge(step)
      if (second) this.#launch(second)
    })
    return () => {
      late?.()
      hedge()
    }
  }

  #won(step: Step, answer: Answer): void {
    try {
      this.#settle()
      this.#walk.answered(step)
      for (const { step: other, life } of this.#running) {
        this.#walk.abandoned(other)
        life.abort(
          new GatewayError("client-gone", "Another attempt answered first.", { code: LOST }),
        )
      }
      this.#pursuit.answered?.(answer)
      this.#resolve(answer)
    } catch (thrown) {
      this.#reject(toGatewayError(thrown))
    }
  }

  #lost(step: Step, error: GatewayError): void {
    const goesOn = this.#walk.failed(step, error)
    // That this upstream cannot do it says less than what another one said.
    this.#last = error.kind === "unsupported" ? (this.#last ?? error) : error
    if (!goesOn) {
      this.end(error)
      return
    }
    this.#pursuit.failed?.(step, error)
    if (this.#running.length === 0) this.#advance()
  }

  #giveUp(): void {
    const last = this.#last
    const limited = last === undefined || last.rule.cooldown === "rate-limit"
    const waits = limited && this.#walk.earliest() !== undefined && this.#join()
    if (!waits) this.end(last ? this.#soonest(last) : this.#pursuit.exhausted(this.#walk))
  }

  /** The error of a limit or of an outage, with the time when the first of all channels is to be had. */
  #soonest(error: GatewayError): GatewayError {
    const { cooldown, breaker } = error.rule
    const at =
      cooldown === "rate-limit"
        ? this.#walk.earliest()
        : breaker
          ? this.#walk.endOfOutage()
          : undefined
    if (at === undefined || at === Number.POSITIVE_INFINITY) return error
    const wait = Math.max(0, at - this.#pursuit.clock.now())
    const { retryAfterMs = Number.POSITIVE_INFINITY } = error.detail
    if (wait >= retryAfterMs) return error
    return new GatewayError(error.kind, error.message, { ...error.detail, retryAfterMs: wait })
  }

  /** @returns whether the request waits now, or has waited and gone on */
  #join(): boolean {
    const { queue: place } = this.#pursuit
    if (!place) return false
    const { queue, caller, kind, max, timeout } = place
    this.#waits ??= new Set()
    const waits = this.#waits
    const ask = (): number | undefined => {
      this.#walk = this.#pursuit.walk()
      const step = this.#walk.next()
      if (!step) return this.#walk.earliest() ?? Number.POSITIVE_INFINITY
      waits.delete(leave!)
      this.#count(true)
      this.#safely(() => this.#launch(step))
      return undefined
    }
    const expired = () => {
      waits.delete(leave!)
      // Nobody has looked at it while it stood behind others.
      if (ask() !== undefined) this.end(this.#pursuit.exhausted(this.#walk))
    }
    const leave = queue.enter({ caller, kind, ask, expired }, { max, timeout })
    if (!leave) return false
    waits.add(leave)
    // Whoever waits does not make room for retries.
    this.#count(false)
    queue.wake()
    return true
  }
}
