import { aligned } from "../aligned.ts"
import { defineStrategy, noMemory } from "../define-strategy.ts"
import {
  cacheShare,
  deploymentsOf,
  expectedCost,
  expectedOutput,
  load,
  place,
} from "../estimate.ts"

/** Prices that are at most so much higher than the lowest count as equal to it. */
const BUFFER = 1.05
/** Nano-USD (ten million dollars) that no request costs. */
const MOST = 1e16
/** Behind all that have a price, whose scores are below it. */
const UNPRICED = 3

/**
 * The lowest expected price of this very request first: its input, of which the measured share comes
 * from the prompt cache, and as much output as usual within the caller's limit. Prices within 5 % of the
 * lowest count as equal and share the traffic by weight and by what they have in flight. What has no
 * price comes behind what has one, and weight 0 last.
 */
export const lowestCost = defineStrategy({
  name: "lowest-cost",
  description: "Prefers what costs least for this request, with the prompt cache as measured",
  aliases: ["lowest_cost", "cost-based-routing", "cost-based", "cost", "cheapest"],
  scope: "deployment",
  createMemory: noMemory,
  scorer({ request, candidates, random }) {
    const deployments = deploymentsOf(candidates)
    const output = expectedOutput(request, deployments)
    let least = MOST
    const costs = deployments.map((deployment) => {
      const cached = cacheShare(deployment.health.traffic)
      const cost = expectedCost(deployment, request.inputTokens, output, cached)
      if (cost !== null && deployment.weight > 0 && cost < least) least = cost
      return cost
    })
    const costOf = aligned(deployments, costs)
    return ({ deployment }) => {
      if (deployment.weight === 0) return Number.POSITIVE_INFINITY
      const cost = costOf(deployment) ?? Number.NaN
      if (cost > least * BUFFER) return 1 + Math.min(cost, MOST) / MOST
      const share = place(load(deployment, random()))
      return Number.isNaN(cost) ? UNPRICED + share : share
    }
  },
  explain({ deployment }, { request, candidates }) {
    const output = expectedOutput(request, deploymentsOf(candidates))
    const cached = cacheShare(deployment.health.traffic)
    const cost = expectedCost(deployment, request.inputTokens, output, cached)
    return { nanoUsd: cost ?? Number.NaN, input: request.inputTokens, output, cached }
  },
})
