import { defineStrategy, noMemory } from "../define-strategy.ts"

/** Less than the difference between any two loads that are worth telling apart. */
const TIE = 1e-6

/**
 * Attempts under way by weight. Equal ones are drawn in proportion to their weights, so that a router
 * with one request at a time spreads them too. Weight 0 comes last, in config order.
 */
export const leastBusy = defineStrategy({
  name: "least-busy",
  description: "Picks the channel with the fewest requests in flight for its weight",
  aliases: ["least_busy", "least-connections", "least_connections", "least_conn"],
  scope: "channel",
  createMemory: noMemory,
  scorer:
    ({ random }) =>
    ({ deployment: { weight }, health: { traffic } }) =>
      weight > 0
        ? traffic.inFlight / weight + TIE * (1 - (1 - random()) ** (1 / weight))
        : Number.POSITIVE_INFINITY,
})
