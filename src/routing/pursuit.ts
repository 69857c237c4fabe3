import type { Clock, Timers } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Life } from "../core/life.ts"
import type { Due } from "./due.ts"
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
  queue?: QueuePlace | undefined
  /**
   * Makes one attempt. Its answer is told when it has begun; from then on there is no other. Never throws.
   *
   * @param trial of the step's channel; the attempt ends it when it fails
   * @param run told once what came of it
   */
  attempt(step: Step, trial: Trial, run: Run<Answer>): void
  /** Ends an answer that nobody waits for any more. */
  drop(answer: Answer): void
  /** Why no attempt could be made at all. */
  exhausted(walk: Walk): GatewayError
  /** Told of every failed attempt that something else follows. */
  failed?(step: Step, error: GatewayError): void
  /** Told how it ends, in the same turn: whoever waits for the answer is told a moment later. */
  answered?(answer: Answer, step: Step): void
  ended?(error: GatewayError): void
}

/** A place in the queue of a group. */
export interface QueuePlace {
  queue: Queue
  caller: string | null
  kind: string
  max: number
  /** Milliseconds. */
  timeout: number
}

/** Who is told what came of an attempt, once. */
export interface Taker<Answer> {
  /** Its answer has begun. */
  answered(answer: Answer): void
  /** @param error says what is next; the channel was judged by it already */
  failed(error: GatewayError): void
}

/** One attempt under way: aborted with a GatewayError when it is to end before it has answered. */
export interface Run<Answer> extends Life, Taker<Answer> {}

/** A pursuit under way. */
export interface Pursued<Answer> {
  /** @throws GatewayError of the last attempt, or why none could be made, or what it was ended with */
  readonly answer: Promise<Answer>
  /** Ends all of its attempts and waits at once; nothing when it has been answered. */
  end(error: GatewayError): void
}
