import type { Deployment, StrategyContext } from "../../core/routing.ts"
import { defineStrategy } from "../define-strategy.ts"
import { deploymentsOf } from "../estimate.ts"

/** What a turn costs. Claims are integers, so that equal ones stay equal however often they are added up. */
const TURN = 2 ** 40

interface Claims {
  /** By deployment: how much of a turn it was promised and has not had; below 0 it had more. */
  readonly held: Map<string, number>
  /** What failed in requests that are under way: no turn of theirs is promised to it any more. */
  readonly failed: WeakMap<StrategyContext, Set<Deployment>>
}

/**
 * With each turn everyone that could have had it gains a claim to its share of it, and the one that
 * has it pays for all of it; the highest claim is next. So the turns are in proportion to the weights
 * over any set of deployments and however it changes: who is away gains nothing and loses nothing.
 * Weight 0 comes last, in config order.
 */
export const roundRobin = defineStrategy<Claims>({
  name: "round-robin",
  description: "Takes turns, evenly or by weight, over deployments and their keys",
  aliases: ["round_robin", "roundrobin", "weighted-round-robin", "weighted_round_robin", "wrr"],
  scope: "deployment",
  createMemory: () => ({ held: new Map(), failed: new WeakMap() }),
  scorer(context) {
    const { held } = context.memory
    const share = sharesOf(deploymentsOf(context.candidates))
    return (channel) => {
      const { id, weight } = channel.deployment
      return weight > 0 ? -(held.get(id) ?? 0) - share(weight) : Number.POSITIVE_INFINITY
    }
  },
  picked({ deployment }, context) {
    const { held, failed } = context.memory
    const gone = failed.get(context)
    const competing = deploymentsOf(context.candidates).filter(
      (each) => each.weight > 0 && !gone?.has(each),
    )
    // One more attempt on the same deployment is no other turn.
    if (!competing.includes(deployment)) return
    const share = sharesOf(competing)
    for (const { id, weight } of competing) held.set(id, (held.get(id) ?? 0) + share(weight))
    held.set(deployment.id, held.get(deployment.id)! - TURN)
  },
  failed({ deployment }, context) {
    const { failed } = context.memory
    const gone = failed.get(context)
    if (gone) gone.add(deployment)
    else failed.set(context, new Set([deployment]))
  },
})

function sharesOf(deployments: readonly Deployment[]): (weight: number) => number {
  const total = deployments.reduce((sum, { weight }) => sum + weight, 0)
  return (weight) => Math.round((weight / total) * TURN)
}
