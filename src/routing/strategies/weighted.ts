import type { Channel, Deployment } from "../../core/routing.ts"
import { PLAIN_DEPLOYMENT } from "../../core/plain-settings.ts"
import { defineStrategy, noMemory } from "../define-strategy.ts"

/**
 * Each draws an exponentially distributed number with its weight as the rate; the smallest wins, which
 * happens in proportion to the weights, also among the rest (Efraimidis and Spirakis, 2006). Weight 0
 * comes last, in config order.
 */
export const weighted = defineStrategy({
  name: "weighted",
  description:
    "Picks at random in proportion to the weights, or to the limits (rpm, else tpm) where no weight is set",
  aliases: [
    "simple-shuffle",
    "simple_shuffle",
    "shuffle",
    "lottery",
    "loadbalance",
    "load-balance",
    "load_balance",
    "weighted-random",
    "weighted_random",
  ],
  scope: "deployment",
  createMemory: noMemory,
  scorer({ candidates, random }) {
    const weightOf = capacity(candidates) ?? (({ weight }: Deployment) => weight)
    return ({ deployment }) => {
      const weight = weightOf(deployment)
      return weight > 0 ? -Math.log(1 - random()) / weight : Number.POSITIVE_INFINITY
    }
  },
})

/**
 * Limits stand for weights where nobody set any. What has no limit takes as much as the one with the
 * highest.
 */
function capacity(
  candidates: readonly Channel[],
): ((deployment: Deployment) => number) | undefined {
  let rpm = 0
  let tpm = 0
  for (const { deployment } of candidates) {
    if (deployment.weight !== PLAIN_DEPLOYMENT.weight) return undefined
    rpm = Math.max(rpm, deployment.limits.rpm ?? 0)
    tpm = Math.max(tpm, deployment.limits.tpm ?? 0)
  }
  if (rpm > 0) return ({ limits }) => limits.rpm ?? rpm
  return tpm > 0 ? ({ limits }) => limits.tpm ?? tpm : undefined
}
