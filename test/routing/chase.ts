import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { Channel, Group, RoutingRequest } from "../../src/core/routing.ts"
import { type Due, NEVER_DUE } from "../../src/routing/due.ts"
import { exhausted } from "../../src/routing/exhausted.ts"
import { filters } from "../../src/routing/filters/index.ts"
import type { Health } from "../../src/routing/health.ts"
import { hedgeDelay } from "../../src/routing/hedge.ts"
import { pursue } from "../../src/routing/pursue.ts"
import type { Pursued } from "../../src/routing/pursuit.ts"
import { createQueues, kindOf, type Queues } from "../../src/routing/queue.ts"
import { createRetryBudget, type RetryBudget } from "../../src/routing/retry-budget.ts"
import { createWalk } from "../../src/routing/walk.ts"
import { watchEnds } from "../../src/routing/watch-ends.ts"
import { deployment, request, table, testHealth } from "./parts.ts"
import { type VirtualTime, virtualTime } from "./virtual-time.ts"

/** What an upstream does with an attempt: after how many ms, and how it ends. */
export interface Act {
  after: number
  error?: ErrorKind | GatewayError
  /** How long the answer takes once it has begun. */
  lasts?: number
  /** Does not hear that it is to end. */
  deaf?: boolean
}

/** One attempt as the upstream saw it. */
export interface Made {
  channel: string
  why: string
  /** Milliseconds since the scene began. */
  at: number
  /** Undefined while it is under way. */
  ended: "answered" | "failed" | "cancelled" | undefined
}

/** Upstreams on virtual time. */
export interface Scene {
  time: VirtualTime
  health: Health
  budget: RetryBudget
  queues: Queues
  made: Made[]
  dropped: string[]
  /** Most attempts that were under way at once. */
  readonly most: number
  send(groups: readonly Group[], options?: SendOptions): Pursued<string>
}

export interface SendOptions {
  /** Told of the answer. */
  answered?: (answer: string) => void
  due?: Partial<Due>
  request?: Partial<RoutingRequest>
  pinned?: Channel
}

/** @param play what each attempt on a channel comes to; `nth` counts them from 0 */
export function scene(play: (channel: Channel, nth: number) => Act): Scene {
  const time = virtualTime()
  const { clock, timers } = time
  const began = clock.now()
  const queues = createQueues(clock, timers)
  const health = watchEnds(testHealth(clock), () => queues.freed())
  const budget = createRetryBudget()
  const made: Made[] = []
  const dropped: string[] = []
  const counts = new Map<string, number>()
  let now = 0
  let most = 0
  return {
    time,
    health,
    budget,
    queues,
    made,
    dropped,
    get most() {
      return most
    },
    send(groups, options = {}) {
      const group = groups[0]!
      const asked = request(options.request)
      return pursue<string>({
        clock,
        timers,
        budget,
        walk: () =>
          createWalk({
            resolution: { group, ...(options.pinned && { pinned: options.pinned }) },
            table: table(groups),
            health,
            clock,
            budget,
            random: () => 0.5,
            request: asked,
            filters,
            refuses: () => undefined,
          }),
        due: { ...NEVER_DUE, name: "timeouts.total", ...options.due },
        stream: asked.stream,
        hedgeAfter: hedgeDelay(group.hedge, asked),
        queue: group.queue && {
          ...group.queue,
          queue: queues.of(group.name),
          caller: asked.caller,
          kind: kindOf(asked, options.pinned),
        },
        attempt({ channel, why }, trial, run) {
          const nth = counts.get(channel.id) ?? 0
          counts.set(channel.id, nth + 1)
          const { after, error, lasts = 0, deaf = false } = play(channel, nth)
          const entry: Made = {
            channel: channel.id,
            why,
            at: clock.now() - began,
            ended: undefined,
          }
          made.push(entry)
          most = Math.max(most, ++now)
          const stop = timers.after(after, () => {
            now--
            entry.ended = error ? "failed" : "answered"
            if (!error) {
              health.answered(trial)
              timers.after(lasts, () => health.succeed(trial))
              return run.answered(channel.id)
            }
            const thrown = typeof error === "string" ? new GatewayError(error, error) : error
            if (thrown.kind === "unsupported") health.release(trial)
            else health.fail(trial, thrown)
            run.failed(thrown)
          })
          run.addEventListener("abort", () => {
            if (entry.ended || deaf) return
            now--
            entry.ended = "cancelled"
            stop()
            health.release(trial)
            run.failed(run.reason as GatewayError)
          })
        },
        drop: (answer) => void dropped.push(answer),
        ...(options.answered && { answered: options.answered }),
        exhausted: ({ opened }) => exhausted(group, opened, health, clock),
      })
    },
  }
}

/** A scene of upstreams that act as the table says, by deployment. */
export function acting(
  acts: Record<string, Act>,
): Scene & { make: (id: string, keys?: number) => ReturnType<typeof deployment> } {
  const made = scene(({ deployment }) => acts[deployment.id]!)
  return { ...made, make: (id, keys = 1) => deployment(id, { keys, health: made.health }) }
}

/** What a promise fails with. @throws Error when it does not */
export const failure = (promise: Promise<unknown>): Promise<GatewayError> =>
  promise.then(
    (answer) => {
      throw new Error(`it answered ${answer}`)
    },
    (error: GatewayError) => error,
  )
