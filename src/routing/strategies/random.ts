import { defineStrategy, noMemory } from "../define-strategy.ts"

/** Uniform; weight 0 comes last, in config order. */
export const random = defineStrategy({
  name: "random",
  description: "Picks at random, whatever the weights",
  aliases: ["uniform"],
  scope: "deployment",
  createMemory: noMemory,
  scorer:
    ({ random }) =>
    ({ deployment: { weight } }) =>
      weight > 0 ? random() : Number.POSITIVE_INFINITY,
})
