import type { Channel } from "../core/routing.ts"

/**
 * The places of channels by what a strategy function has returned: candidates or ids, best first. An id
 * is a channel's, or a deployment's for all of its keys. What is no candidate now is passed over, since
 * a function may name what rests.
 *
 * @returns what is wrong when it is something else, or names no candidate at all
 */
export function ranksOf(
  result: unknown,
  candidates: readonly Channel[],
): Map<Channel, number> | string {
  const ranks = new Map<Channel, number>()
  if (result === undefined || result === null) return ranks
  const named = Array.isArray(result) ? (result as unknown[]) : [result]
  for (const [index, entry] of named.entries()) {
    const id = idOf(entry)
    if (id === undefined) return "it returned something that is neither a candidate nor an id"
    for (const channel of candidates) {
      if (channel.id !== id && channel.deployment.id !== id) continue
      if (!ranks.has(channel)) ranks.set(channel, index)
    }
  }
  return named.length > 0 && ranks.size === 0 ? "it named nothing that could be used now" : ranks
}

function idOf(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry
  if (typeof entry !== "object" || entry === null || !("id" in entry)) return undefined
  return typeof entry.id === "string" ? entry.id : undefined
}
