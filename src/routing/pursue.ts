import { GatewayError, toGatewayError } from "../core/error.ts"
import { Life } from "../core/life.ts"
import type { Due } from "./due.ts"
import { attemptLate, LEAST_TIME, tooLate } from "./due.ts"
import type { Pursued, Pursuit, QueuePlace, Run } from "./pursuit.ts"
import { withSoonest } from "./soonest.ts"
import type { Step, Walk } from "./walk.ts"

/** For the log alone: no caller is told. */
const LOST = "hedge_lost"

/** What ends the slower one of two attempts. */
function overtaken(): GatewayError {
  return new GatewayError("client-gone", "Another attempt answered first.", { code: LOST })
}

/** Takes attempt after attempt until one answers. */
export function pursue<Answer>(pursuit: Pursuit<Answer>): Pursued<Answer> {
  const chase = new Chase(pursuit)
  chase.begin()
  return chase
}

/**
 * An attempt under way, or a step that waits to become one. A class and in a chain, since every request
 * has one: nearly always it is the only one.
 */
class Running<Answer> extends Life implements Run<Answer> {
  readonly step: Step
  readonly #chase: Chase<Answer>
  next: Running<Answer> | undefined
  /** Calls off what its time leads to. */
  stop: (() => void) | undefined

  constructor(chase: Chase<Answer>, step: Step, next: Running<Answer> | undefined) {
    super()
    this.#chase = chase
    this.step = step
    this.next = next
  }

  answered(answer: Answer): void {
    this.#chase.won(this, answer)
  }

  failed(error: GatewayError): void {
    // Not within the attempt's own turn: each of many that fail at once would begin the next one within it.
    queueMicrotask(() => this.#chase.lost(this, error))
  }
}

/** A class, since every request has one: most make one attempt, which answers. */
class Chase<Answer> implements Pursued<Answer> {
  readonly answer: Promise<Answer>
  readonly #pursuit: Pursuit<Answer>
  /** The first of the attempts under way, and of the steps that wait to become one. */
  #running: Running<Answer> | undefined
  /** What calls off the timers and the queue. */
  #waits: Set<() => void> | undefined
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: GatewayError) => void
  #walk: Walk
  #last: GatewayError | undefined
  #over = false
  #counted = false

  constructor(pursuit: Pursuit<Answer>) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#pursuit = pursuit
    this.answer = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#walk = pursuit.walk()
  }

  begin(): void {
    const { due, queue } = this.#pursuit
    this.#count(true)
    try {
      if (due.at < Number.POSITIVE_INFINITY) this.#endWith(due)
      if (this.#over) return
      // Those who wait for the same already come first.
      if (queue?.queue.waits(queue.kind) && this.#join()) return
      this.#advance()
    } catch (thrown) {
      this.end(toGatewayError(thrown))
    }
  }

  #endWith(due: Due): void {
    this.#after(this.#left(due), () => this.end(tooLate(due)))
  }

  end(error: GatewayError): void {
    if (this.#over) return
    this.#settle()
    for (let run = this.#running; run; run = run.next) {
      this.#walk.abandoned(run.step)
      run.abort(error)
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
    else if (step.wait === 0) this.#launch(this.#add(step))
    else this.#pause(this.#add(step))
  }

  /** Whoever ends the request meanwhile gives back what the step took. */
  #add(step: Step): Running<Answer> {
    const run = new Running(this, step, this.#running)
    this.#running = run
    return run
  }

  /** Milliseconds that are left; nobody looks at the clock where there is no limit. */
  #left({ at }: Due): number {
    return at === Number.POSITIVE_INFINITY ? at : at - this.#pursuit.clock.now()
  }

  #pause(run: Running<Answer>): void {
    const { due, clock } = this.#pursuit
    const { step } = run
    const tooLong = clock.now() + step.wait + LEAST_TIME > due.at
    if (tooLong) {
      this.end(this.#last ?? tooLate(due))
      return
    }
    this.#after(step.wait, () => {
      if (this.#walk.mayBegin(step)) this.#launch(run)
      else this.#skip(run)
    })
  }

  #skip(run: Running<Answer>): void {
    this.#remove(run)
    this.#walk.abandoned(run.step)
    this.#advance()
  }

  #launch(run: Running<Answer>): void {
    const { step } = run
    const trial = this.#walk.begin(step)
    const { due, hedgeAfter } = this.#pursuit
    const timed = due.at < Number.POSITIVE_INFINITY || hedgeAfter !== undefined
    if (timed && step.why !== "hedge") run.stop = this.#watch(run)
    this.#pursuit.attempt(step, trial, run)
  }

  #remove(run: Running<Answer>): void {
    if (this.#running === run) this.#running = run.next
    for (let each = this.#running; each; each = each.next) {
      if (each.next === run) each.next = run.next
    }
  }

  /** Starts what an attempt's time leads to. @returns what calls that off; undefined where it leads to nothing */
  #watch(run: Running<Answer>): (() => void) | undefined {
    const { stream, due, hedgeAfter } = this.#pursuit
    const { step } = run
    const left = this.#left(due)
    const impatient = stream && left < Number.POSITIVE_INFINITY && this.#walk.more()
    const late = impatient
      ? this.#after(left / 2, () => run.abort(attemptLate(due, left / 2)))
      : undefined
    const delay = hedgeAfter?.(step)
    if (delay === undefined || delay >= left) return late
    const hedge = this.#after(delay, () => {
      const second = this.#walk.hedge(step)
      if (second) this.#launch(this.#add(second))
    })
    return () => {
      late?.()
      hedge()
    }
  }

  /** One has answered. */
  won(run: Running<Answer>, answer: Answer): void {
    if (this.#over) {
      this.#pursuit.drop(answer)
      return
    }
    const { step } = run
    run.stop?.()
    this.#remove(run)
    try {
      this.#settle()
      this.#walk.answered(step)
      for (let other = this.#running; other; other = other.next) {
        this.#walk.abandoned(other.step)
        other.abort(overtaken())
      }
      this.#pursuit.answered?.(answer, step)
      this.#resolve(answer)
    } catch (thrown) {
      // Nobody will read it.
      this.#pursuit.drop(answer)
      this.#reject(toGatewayError(thrown))
    }
  }

  /** One has failed. */
  lost(run: Running<Answer>, error: GatewayError): void {
    if (this.#over) return
    run.stop?.()
    this.#remove(run)
    this.#safely(() => this.#goOn(run.step, error))
  }

  #goOn(step: Step, error: GatewayError): void {
    const goesOn = this.#walk.failed(step, error)
    // That this upstream cannot do it says less than what another one said.
    this.#last = error.kind === "unsupported" ? (this.#last ?? error) : error
    if (!goesOn) {
      this.end(error)
      return
    }
    this.#pursuit.failed?.(step, error)
    if (!this.#running) this.#advance()
  }

  #giveUp(): void {
    const last = this.#last
    const { clock } = this.#pursuit
    const limited = last === undefined || last.rule.cooldown === "rate-limit"
    const waits = limited && this.#walk.earliest() !== undefined && this.#join()
    if (!waits)
      this.end(last ? withSoonest(last, this.#walk, clock) : this.#pursuit.exhausted(this.#walk))
  }

  /** @returns whether the request waits now, or has waited and gone on */
  #join(): boolean {
    const { queue } = this.#pursuit
    return queue !== undefined && this.#lineUp(queue)
  }

  #lineUp({ queue, caller, kind, max, timeout }: QueuePlace): boolean {
    this.#waits ??= new Set()
    const waits = this.#waits
    const ask = (): number | undefined => {
      this.#walk = this.#pursuit.walk()
      const step = this.#walk.next()
      if (!step) return this.#walk.earliest() ?? Number.POSITIVE_INFINITY
      waits.delete(leave!)
      this.#count(true)
      this.#safely(() => this.#launch(this.#add(step)))
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
