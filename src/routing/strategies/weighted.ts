import { defineStrategy, noMemory } from "../define-strategy.ts"

/**
 * Each draws an exponentially distributed number with its weight as the rate; the smallest wins, which
 * happens in proportion to the weights, also among the rest (Efraimidis and Spirakis, 2006). Weight 0
 * comes last, in config order.
 */
export const weighted = defineStrategy({
  name: "weighted",
  description: "Picks at random in proportion to the weights",
  aliases: ["simple-shuffle", "lottery", "loadbalance"],
  scope: "deployment",
  createMemory: noMemory,
  scorer:
    ({ random }) =>
    ({ deployment: { weight } }) =>
      weight > 0 ? -Math.log(1 - random()) / weight : Number.POSITIVE_INFINITY,
})
