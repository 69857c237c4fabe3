import { defineStrategy, noMemory } from "../define-strategy.ts"

/** In config order, but for weights that say another. */
export const priority = defineStrategy({
  name: "priority",
  description: "Tries deployments in the order of the config; a higher weight goes first",
  aliases: ["fallback", "failover", "rotor", "ordered", "sequential", "single"],
  scope: "deployment",
  steady: true,
  createMemory: noMemory,
  scorer:
    () =>
    ({ deployment }) =>
      -deployment.weight,
})
