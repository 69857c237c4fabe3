import type { Strategy } from "../../core/routing.ts"

/**
 * Smooth weighted round-robin over what is usable now: every deployment earns its weight each turn,
 * the richest is picked and pays the total. State is by deployment id, so it is fair however many
 * requests run at once and whichever deployments come and go.
 */
export const roundRobin: Strategy = {
  name: "round-robin",
  description: "Takes turns, evenly or by weight, over deployments and their keys",
  order(candidates, { scores }) {
    let total = 0
    for (const { id, weight } of candidates) {
      total += weight
      scores.set(id, (scores.get(id) ?? 0) + weight)
    }
    const credit = (id: string) => scores.get(id) ?? 0
    const ordered = candidates.toSorted((a, b) => credit(b.id) - credit(a.id))
    const first = ordered[0]
    if (first) scores.set(first.id, credit(first.id) - total)
    return ordered
  },
}
