import { defineStrategy, noMemory } from "../define-strategy.ts"

/**
 * Tokens × weight, so that twice the weight gets half the tokens, and weight 0 everything: it is always
 * first. What is in flight counts with what it is expected to use, so that a burst spreads; what was
 * used fades, so that a new channel is not flooded until it has caught up with the old ones.
 */
export const leastUsage = defineStrategy({
  name: "least-usage",
  description:
    "Picks the channel with the fewest tokens × weight of late; a higher weight gets less, weight 0 is always first",
  aliases: ["least_usage", "lowest-usage", "lowest_usage"],
  scope: "channel",
  createMemory: noMemory,
  scorer:
    ({ now }) =>
    ({ deployment: { weight }, health: { traffic } }) =>
      weight > 0 ? weight * traffic.usage(now) : -1,
})
