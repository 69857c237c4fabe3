import type { Group } from "../core/routing.ts"
import type { Candidate } from "./candidate.ts"
import type { Health } from "./health.ts"

/** Lists of one group that are remembered: the keys of its first deployments take turns. */
const MOST = 64

/** The candidates of groups that look the same to every request, by whose turn it is. */
const known = new WeakMap<Group, Map<number, readonly Candidate[]>>()

/**
 * Whose turn it is in a group that looks the same to every request at this turn: its strategy's scores
 * depend on the config alone, every channel is well, and none is on trial.
 *
 * @returns undefined for any other group, and while something is wrong with one of its channels
 */
export function turnsOf({ strategy, deployments }: Group, health: Health): number | undefined {
  if (!strategy.steady) return undefined
  let turns = 0
  for (const deployment of deployments) {
    const { channels, percent } = deployment
    if (percent !== undefined) return undefined
    for (const channel of channels) {
      const standing = health.standing(channel)
      if (standing.state !== "ready" || standing.share < 1) return undefined
    }
    const keys = channels.length
    if (keys > 1) turns = turns * keys + (deployment.health.turn % keys)
  }
  return turns <= Number.MAX_SAFE_INTEGER ? turns : undefined
}

/** How the group looked at this turn before. */
export function settledOf(group: Group, turns: number): readonly Candidate[] | undefined {
  return known.get(group)?.get(turns)
}

/** Remembers how a group looks at a turn. */
export function settle(group: Group, turns: number, all: readonly Candidate[]): void {
  let lists = known.get(group)
  if (!lists || lists.size >= MOST) {
    lists = new Map()
    known.set(group, lists)
  }
  lists.set(turns, all)
}
