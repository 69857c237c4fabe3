import type { Clock, Timers } from "../core/clock.ts"
import type { Channel, RoutingRequest, Strategy, StrategyContext } from "../core/routing.ts"
import type {
  StrategyFunction,
  StrategyFunctionCandidate,
  StrategyFunctionRequest,
} from "../core/strategy-function.ts"
import { defineStrategy, noMemory } from "./define-strategy.ts"
import { deploymentsOf, expectedCost, expectedOutput, cacheShare, place } from "./estimate.ts"
import { createLeaveOut } from "./leave-out.ts"
import { ranksOf } from "./function-result.ts"

/** Milliseconds that a function has. */
const TIME = 50
/** Nano-USD in a US dollar. */
const DOLLAR = 1e9

export interface FunctionParts {
  clock: Clock
  timers: Timers
  /** Told what was wrong, at most once a minute. */
  warn(message: string): void
}

/**
 * A strategy made of the config's own function. What that says is kept for the request that it was asked
 * about; whatever goes wrong with it, the candidates stay in config order, their keys by what is in
 * flight. A function that takes too long three times in a row is not asked for a minute.
 */
export function strategyFromFunction(decide: StrategyFunction, parts: FunctionParts): Strategy {
  const { clock, timers } = parts
  const decided = new WeakMap<RoutingRequest, ReadonlyMap<Channel, number>>()
  const guard = createLeaveOut(parts)

  function keep(context: StrategyContext, result: unknown): void {
    try {
      const ranks = ranksOf(result, context.candidates)
      if (typeof ranks === "string") guard.warn(ranks, clock.now())
      else decided.set(context.request, ranks)
    } catch (thrown) {
      failed(thrown)
    }
  }

  function failed(thrown: unknown): void {
    guard.warn(`it failed: ${textOf(thrown)}`, clock.now())
  }

  /** What is thrown by looking at what it returned is its own as well. */
  function ask(context: StrategyContext): { result: unknown; waits: boolean } | undefined {
    try {
      const result: unknown = decide({
        request: requestOf(context.request),
        candidates: candidatesFor(context),
      })
      return { result, waits: isPromise(result) }
    } catch (thrown) {
      failed(thrown)
      return undefined
    }
  }

  function waitFor(context: StrategyContext, answer: unknown): Promise<void> {
    return new Promise((resolve) => {
      let late = false
      const callOff = timers.after(TIME, () => {
        late = true
        guard.tookTooLong(clock.now(), `it took longer than ${TIME} ms`)
        resolve()
      })
      const settle = (then: () => void) => {
        if (late) return
        callOff()
        guard.wasQuick()
        then()
        resolve()
      }
      Promise.resolve(answer).then(
        (result) => settle(() => keep(context, result)),
        (thrown) => settle(() => failed(thrown)),
      )
    })
  }

  return defineStrategy({
    name: "function",
    description: "A function of the config",
    scope: "channel",
    createMemory: noMemory,
    prepare(context) {
      const began = clock.now()
      if (guard.isOut(began)) return undefined
      const answer = ask(context)
      if (!answer) return undefined
      const ended = clock.now()
      // Nothing can interrupt it, so the whole router has waited.
      const blocked = ended - began > TIME
      if (blocked)
        guard.tookTooLong(ended, `it held up everything for ${Math.round(ended - began)} ms`)
      if (answer.waits) return waitFor(context, answer.result)
      if (!blocked) guard.wasQuick()
      keep(context, answer.result)
      return undefined
    },
    scorer({ request, candidates, random }) {
      const ranks = decided.get(request)
      const deployments = deploymentsOf(candidates)
      const order = new Map(deployments.map((deployment, index) => [deployment, index]))
      return (channel) => {
        const rank = ranks?.get(channel)
        const { inFlight } = channel.health.traffic
        // Keys that nothing tells apart share the work.
        const share = place(inFlight + random())
        return rank === undefined
          ? LAST + (order.get(channel.deployment) ?? 0) + share
          : rank + share
      }
    },
  })
}

/** Behind everything that a function has named. */
const LAST = 1e6

function isPromise(answer: unknown): boolean {
  return typeof (answer as PromiseLike<unknown> | null | undefined)?.then === "function"
}

/** Anything can be thrown, also what has no text. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.message}` : String(thrown)
  } catch {
    return "it threw what has no text"
  }
}

function requestOf(request: RoutingRequest): StrategyFunctionRequest {
  const { operation, stream, inputTokens, maxTokens, tags, region, caller } = request
  return {
    operation,
    stream,
    inputTokens,
    maxTokens,
    tags: [...tags],
    region,
    caller,
    get session() {
      return request.session
    },
  }
}

function candidatesFor({ request, candidates }: StrategyContext): StrategyFunctionCandidate[] {
  const output = expectedOutput(request, deploymentsOf(candidates))
  return candidates.map(({ id, deployment, health }) => {
    const { traffic } = deployment.health
    const { success } = health.traffic
    return {
      id,
      provider: deployment.provider.name,
      model: deployment.model,
      weight: deployment.weight,
      tags: [...deployment.tags],
      region: deployment.region,
      inFlight: health.traffic.inFlight,
      ttft: Number.isNaN(traffic.ttft.value) ? undefined : traffic.ttft.value,
      success: Number.isNaN(success.value) ? 1 : success.value,
      get cost() {
        const nano = expectedCost(deployment, request.inputTokens, output, cacheShare(traffic))
        return nano === null ? undefined : nano / DOLLAR
      },
    }
  })
}
