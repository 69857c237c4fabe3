import type { Channel } from "../core/routing.ts"
import type { BreakerTrial } from "./breaker.ts"

/** One attempt under way. What it says of its channel depends on when it began. */
export interface Trial {
  readonly channel: Channel
  /** Ascending, one by one: which of two attempts began later. */
  readonly order: number
  /** Monotonic milliseconds. */
  readonly began: number
}

/** The same with all that is known of it. */
export class LiveTrial implements Trial, BreakerTrial {
  readonly channel: Channel
  readonly began: number
  readonly order: number
  readonly tokens: number
  readonly input: number
  probe = false
  ended = false
  /** Whether it is a stream without its first content. */
  waits = false
  /** Milliseconds to the first content. */
  first: number | undefined

  constructor(channel: Channel, began: number, order: number, tokens: number, input: number) {
    this.channel = channel
    this.began = began
    this.order = order
    this.tokens = tokens
    this.input = input
  }
}
