import { defineStrategy } from "../define-strategy.ts"

/** How far each deployment has come, and how far the group has. */
interface Course {
  position: number
  readonly positions: Map<string, number>
}

/**
 * Stride scheduling: each turn moves a deployment on by 1/weight, and the one that would be in the
 * middle of its next stride first has the turn. One that was away goes on from where the group is, so
 * that it is not flooded. Fair however many requests run at once.
 */
export const roundRobin = defineStrategy<Course>({
  name: "round-robin",
  description: "Takes turns, evenly or by weight, over deployments and their keys",
  aliases: ["round_robin", "roundrobin"],
  scope: "deployment",
  createMemory: () => ({ position: 0, positions: new Map() }),
  scorer:
    ({ memory: { position, positions } }) =>
    ({ deployment: { id, weight } }) =>
      weight > 0
        ? Math.max(positions.get(id) ?? 0, position) + 0.5 / weight
        : Number.POSITIVE_INFINITY,
  picked({ deployment: { id, weight } }, { memory }) {
    if (weight === 0) return
    const begin = Math.max(memory.positions.get(id) ?? 0, memory.position)
    memory.positions.set(id, begin + 1 / weight)
    // TODO(strategies): the group's own position
  },
})
