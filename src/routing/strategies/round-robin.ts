import type { Channel, Deployment, StrategyContext } from "../../core/routing.ts"
import { defineStrategy } from "../define-strategy.ts"
import { deploymentsOf } from "../estimate.ts"

/** What a turn costs. Claims are integers, so that equal ones stay equal however often they are added up. */
const TURN = 2 ** 40

/** What a deployment was promised. */
interface Claim {
  /** How much of a turn it has not had; below 0 it had more. */
  held: number
}

interface Claims {
  readonly byDeployment: Map<string, Claim>
  /** What was made of lists of candidates, which are the group's own as long as all of it is well. */
  readonly fields: WeakMap<readonly Channel[], Field>
  /** What failed in requests that are under way: no turn of theirs is promised to it any more. */
  readonly failed: WeakMap<StrategyContext, Set<Deployment>>
}

/** Deployments that compete for a turn, each with the share of it that is its own. */
type Field = ReadonlyMap<Deployment, { readonly claim: Claim; readonly share: number }>

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
  createMemory: () => ({ byDeployment: new Map(), fields: new WeakMap(), failed: new WeakMap() }),
  scorer({ memory, candidates }) {
    const field = fieldOf(memory, candidates)
    return ({ deployment }) => {
      const entry = field.get(deployment)
      return entry ? -entry.claim.held - entry.share : Number.POSITIVE_INFINITY
    }
  },
  picked({ deployment }, context) {
    const { memory, candidates } = context
    const gone = memory.failed.get(context)
    const field = gone
      ? createField(
          memory,
          deploymentsOf(candidates).filter((each) => !gone.has(each)),
        )
      : fieldOf(memory, candidates)
    const picked = field.get(deployment)
    // One more attempt on the same deployment is no other turn.
    if (!picked) return
    for (const { claim, share } of field.values()) claim.held += share
    picked.claim.held -= TURN
  },
  failed({ deployment }, context) {
    const { failed } = context.memory
    const gone = failed.get(context)
    if (gone) gone.add(deployment)
    else failed.set(context, new Set([deployment]))
  },
})

function fieldOf(memory: Claims, candidates: readonly Channel[]): Field {
  let field = memory.fields.get(candidates)
  if (!field) {
    field = createField(memory, deploymentsOf(candidates))
    memory.fields.set(candidates, field)
  }
  return field
}

function createField({ byDeployment }: Claims, deployments: readonly Deployment[]): Field {
  const competing = deployments.filter(({ weight }) => weight > 0)
  const total = competing.reduce((sum, { weight }) => sum + weight, 0)
  return new Map(
    competing.map((deployment) => {
      const { id, weight } = deployment
      let claim = byDeployment.get(id)
      if (!claim) {
        claim = { held: 0 }
        byDeployment.set(id, claim)
      }
      return [deployment, { claim, share: Math.round((weight / total) * TURN) }]
    }),
  )
}
