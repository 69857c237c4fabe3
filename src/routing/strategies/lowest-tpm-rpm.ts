import type { Channel } from "../../core/routing.ts"
import type { LearnedLimit } from "../../core/traffic.ts"
import { defineStrategy, noMemory } from "../define-strategy.ts"
import { deploymentsOf, expectedOutput } from "../estimate.ts"
import { leftOf } from "../told-limit.ts"

/** How much the load of a channel counts beside its share of a limit: it decides between equal ones. */
const TIE = 1e-6

/**
 * The share of its limits that a channel has used when this request is added: of the deployment's own
 * in the last minute, and of those that the upstream's headers told. Above 1 it does not fit any more,
 * and so comes after all that have room. What has no limit comes first, the least loaded of them ahead.
 * Weight 0 comes last, in config order.
 */
export const lowestTpmRpm = defineStrategy({
  name: "lowest-tpm-rpm",
  description:
    "Picks what has used the least of its rpm and tpm limits, also those that headers tell",
  aliases: [
    "lowest_tpm_rpm",
    "usage-based",
    "usage_based",
    "usage-based-routing",
    "usage-based-routing-v2",
  ],
  scope: "channel",
  createMemory: noMemory,
  scorer({ request, candidates, now }) {
    const tokens = request.inputTokens + expectedOutput(request, deploymentsOf(candidates))
    return (channel) => {
      const { deployment, health } = channel
      if (deployment.weight === 0) return Number.POSITIVE_INFINITY
      const { traffic } = health
      const share = usedShare(channel, tokens, now)
      // From -1 for an idle one up to 0.
      const load = -1 / (1 + traffic.tokens(now) + traffic.requests(now))
      return share === undefined ? load - 1 : share + TIE * load
    }
  },
})

/**
 * The largest share of a limit; undefined when there is none. What is in flight is in it, with what it
 * is expected to use.
 */
function usedShare(
  { deployment, health: { traffic } }: Channel,
  tokens: number,
  now: number,
): number | undefined {
  const { limits, health } = deployment
  const { told } = traffic
  let share = Number.NEGATIVE_INFINITY
  if (limits.rpm !== undefined) share = (health.traffic.requests(now) + 1) / limits.rpm
  if (limits.tpm !== undefined) {
    share = Math.max(share, (health.traffic.tokens(now) + tokens) / limits.tpm)
  }
  if (told.requests) share = Math.max(share, toldShare(told.requests, 1, now))
  if (told.tokens) share = Math.max(share, toldShare(told.tokens, tokens, now))
  return share < 0 ? undefined : share
}

/** Where only what is left was told, that is the limit; 0 where not even that is known any more. */
function toldShare(told: LearnedLimit, more: number, now: number): number {
  const left = leftOf(told, now)
  const limit = Number.isNaN(told.limit) ? left : told.limit
  return (limit - left + more) / limit || 0
}
