import type { Deployment, Strategy } from "../../core/routing.ts"

/** A weighted random permutation; weight 0 comes last, in config order. */
export const weighted: Strategy = {
  name: "weighted",
  description: "Picks at random in proportion to the weights",
  order(candidates, _state, { random }) {
    const left = [...candidates]
    const ordered: Deployment[] = []
    let total = left.reduce((sum, deployment) => sum + deployment.weight, 0)
    while (left.length > 0) {
      let mark = random() * total
      let pick = 0
      if (total > 0) {
        pick = left.findIndex((deployment) => {
          mark -= deployment.weight
          return mark < 0
        })
        // Rounding can leave a hair of `mark`: then the last one with a weight is it.
        if (pick < 0) pick = left.findLastIndex((deployment) => deployment.weight > 0)
      }
      const [deployment] = left.splice(pick, 1)
      ordered.push(deployment!)
      total -= deployment!.weight
    }
    return ordered
  },
}
