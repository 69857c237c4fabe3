import { GatewayError } from "../../src/core/error.ts"
import type { Hold } from "../../src/core/spending.ts"
import type { Trial } from "../../src/routing/health.ts"
import { PROVIDER, type TestWorker } from "./parts.ts"

const ERRORS = ["upstream-error", "upstream-rate-limited", "upstream-unauthorized"] as const

/** A worker that does at random what requests do. */
export interface Doer {
  readonly worker: TestWorker
  /** Does one thing. */
  act(): void
  /** Ends all that is under way. */
  finish(): void
}

/** @param random a number in [0, 1) */
export function createDoer(worker: TestWorker, random: () => number): Doer {
  const { knowledge, channels } = worker
  const { health, spending } = knowledge
  const trials: Trial[] = []
  const holds: Hold[] = []
  const oneOf = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!
  const take = <Item>(items: Item[]) => items.splice(Math.floor(random() * items.length), 1)[0]
  const measured = () => ({
    duration: random() * 1000,
    stream: random() < 0.5,
    ttft: random() < 0.5 ? random() * 100 : undefined,
    input: Math.floor(random() * 500),
    output: Math.floor(random() * 100),
    cacheRead: random() < 0.5 ? 10 : undefined,
  })
  const deeds = [
    () => void trials.push(health.begin(oneOf(channels), random() * 100, random() < 0.5, 50)),
    () => trials[0] && health.answered(oneOf(trials)),
    () => succeed(),
    () => {
      const trial = take(trials)
      const error = new GatewayError(oneOf(ERRORS), "", random() < 0.5 ? { retryAfterMs: 500 } : {})
      if (trial) health.fail(trial, error, random() < 0.5 ? measured() : undefined)
    },
    () => {
      const trial = take(trials)
      if (trial) health.release(trial)
    },
    () => {
      const resetAt = knowledge.clock.now() + 1000
      health.tell(oneOf(channels), { requests: { limit: 10, remaining: random() * 9, resetAt } })
    },
    () => health.probed(oneOf(channels), random() < 0.5),
    () => void holds.push(spending.hold(PROVIDER as never, random() * 10)),
    () => take(holds)?.settle(random() < 0.5 ? 3 : null),
  ]
  function succeed(): void {
    const trial = take(trials)
    if (trial) health.succeed(trial, random() < 0.8 ? measured() : undefined)
  }
  return {
    worker,
    act: () => oneOf(deeds)(),
    finish() {
      while (trials.length > 0) succeed()
      for (const hold of holds.splice(0)) hold.settle(1)
    },
  }
}
