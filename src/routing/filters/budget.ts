import type { Deployment, RoutingRequest } from "../../core/routing.ts"
import type { Spending } from "../../core/spending.ts"
import { cacheShare, expectedCost, expectedOutputOf } from "../estimate.ts"
import type { Filter } from "./filter.ts"
import { inSeconds } from "./limits.ts"

/** Whether the provider's budget has room for what the request is expected to cost. */
export function budgetFilter(spending: Spending): Filter {
  return {
    name: "budget",
    scope: "deployment",
    binding: true,
    concerns: ({ provider }) => provider.budget !== undefined,
    checker: (request, _group, now) => (channel) => {
      const { provider } = channel.deployment
      if (!provider.budget) return undefined
      const cost = costToHold(request, channel.deployment)
      const until = spending.usedUpUntil(provider, cost, now)
      if (until === undefined) return undefined
      const { amount, window } = provider.budget
      const each = window === undefined ? "" : window === "hour" ? " an hour" : ` a ${window}`
      const why = `has used up the budget of \`${provider.name}\`, ${dollars(amount)}${each}`
      if (until === Number.POSITIVE_INFINITY) return { why }
      return { why: why + inSeconds(until - now), until }
    },
  }
}

/** Nano-USD that one attempt on a deployment is expected to cost; null is unpriced. */
export function costToHold(request: RoutingRequest, deployment: Deployment): number | null {
  const output = expectedOutputOf(request, deployment)
  return expectedCost(
    deployment,
    request.inputTokens,
    output,
    cacheShare(deployment.health.traffic),
  )
}

function dollars(nano: number): string {
  return `$${(nano / 1e9).toFixed(9).replace(/\.?0+$/, "")}`
}
