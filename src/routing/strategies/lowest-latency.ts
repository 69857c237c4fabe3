import type { Deployment, RoutingRequest } from "../../core/routing.ts"
import type { Traffic } from "../../core/traffic.ts"
import { aligned } from "../aligned.ts"
import { defineStrategy } from "../define-strategy.ts"
import { cacheShare, deploymentsOf, expectedTtft, load, place, successRate } from "../estimate.ts"
import {
  bestOf,
  type Estimate,
  type Exploration,
  explored,
  keepTried,
  newExploration,
  toExplore,
} from "../exploration.ts"

/** Those that are at most so much slower than the fastest count as equally fast. */
const BUFFER = 1.1
/** Behind all that are known. */
const UNKNOWN = 1e9

/**
 * The fastest first: by time to the first content of streams, else by time per output token, both
 * decayed means over the deployment's keys, longer where attempts fail. Those within 10 % of the fastest
 * share the traffic by weight and by what they have in flight. What is unknown or was slow long ago is
 * tried out by single requests, see {@link toExplore}; an unknown one is never taken for the fastest.
 * Weight 0 comes last.
 */
export const lowestLatency = defineStrategy<Exploration>({
  name: "lowest-latency",
  description: "Prefers what answers fastest lately, and tries the others now and then",
  aliases: ["lowest_latency", "latency-based-routing", "latency-based", "latency", "fastest"],
  scope: "deployment",
  createMemory: newExploration,
  scorer(context) {
    const { request, candidates, now, memory } = context
    const deployments = deploymentsOf(candidates)
    const estimates = deployments.map((deployment) => latencyOf(deployment, request, now))
    const best = bestOf(estimates)
    const trial = toExplore(context, memory, estimates, best)
    const latencyFor = aligned(
      deployments,
      estimates.map(({ value }) => value),
    )
    return ({ deployment }) => {
      if (deployment.weight === 0) return Number.POSITIVE_INFINITY
      if (deployment === trial) return -1
      const value = latencyFor(deployment) ?? Number.NaN
      if (value > best * BUFFER) return value / best
      const rank = place(load(deployment, context.random()))
      return Number.isNaN(value) && !Number.isNaN(best) ? UNKNOWN + rank : rank
    }
  },
  picked: ({ deployment }, context) => explored(context, context.memory, deployment),
  keep: keepTried,
  explain({ deployment }, { request, now }) {
    const { traffic } = deployment.health
    const { value: expected } = latencyOf(deployment, request, now)
    const success = successRate(traffic)
    return request.stream
      ? {
          ttft: traffic.ttft.value,
          sized: firstContentOf(request, traffic, now),
          success,
          expected,
        }
      : { perToken: traffic.perToken.value, success, expected }
  },
})

function latencyOf(deployment: Deployment, request: RoutingRequest, now: number): Estimate {
  const { traffic } = deployment.health
  const time = request.stream ? firstContentOf(request, traffic, now) : traffic.perToken.value
  const { at } = request.stream ? traffic.ttft : traffic.perToken
  return { deployment, value: time / successRate(traffic), at }
}

/** Milliseconds to the first content, with as much of the input in the prompt cache as usual. */
function firstContentOf({ inputTokens }: RoutingRequest, traffic: Traffic, now: number): number {
  return expectedTtft(traffic, now, inputTokens, cacheShare(traffic))
}
