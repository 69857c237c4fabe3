import type { GatewayError } from "../core/error.ts"
import type { Group } from "../core/routing.ts"
import type { RouteTable } from "./resolve.ts"

/** What leads a request away from the usual fallbacks. */
export type Detour = "context-length" | "content-policy"

/** The groups that one request may go through, in order, each once. */
export interface Chain {
  /** The next group to look at; undefined at the end. */
  next(): Group | undefined
  /** The groups that `next` has yet to give. */
  rest(): readonly Group[]
  /** Whether there are groups for this case. */
  leads(detour: Detour, from: Group): boolean
  /**
   * Goes to the groups that are for this case.
   *
   * @param keep whether what is left comes after them, else it is dropped
   */
  divert(detour: Detour, from: Group, keep: boolean): void
}

/** Which chain an error calls for. */
export function detourOf(error: GatewayError): Detour | undefined {
  const { reason } = error.detail
  return reason === "context-length" || reason === "content-policy" ? reason : undefined
}

/** A group and its fallbacks, depth first, each once. */
export function chain(group: Group, table: RouteTable): Group[] {
  return group.fallbacks.length === 0 ? [group] : inOrder([group], table, new Set())
}

/** @param root whose detours serve for groups that have none of their own */
export function createChain(root: Group, table: RouteTable): Chain {
  const usual = chain(root, table)
  let rest = usual.slice()
  /** Names of those that were given, or will be; most requests never leave the usual way. */
  let seen: Set<string> | undefined
  function groupsFor(detour: Detour, from: Group): Group[] {
    const key = detour === "context-length" ? "contextFallbacks" : "contentPolicyFallbacks"
    return named(from[key].length > 0 ? from[key] : root[key], table)
  }

  return {
    next: () => rest.shift(),
    rest: () => rest,
    leads: (detour, from) => groupsFor(detour, from).length > 0,
    divert(detour, from, keep) {
      seen ??= new Set(usual.map(({ name }) => name))
      // What was a usual fallback, and was not reached, is free again.
      for (const { name } of rest) seen.delete(name)
      const next = inOrder(groupsFor(detour, from), table, seen)
      rest = keep ? [...next, ...rest.filter((group) => !next.includes(group))] : next
    },
  }
}

/** By name: a caller's own strategy makes a copy of a group. */
function inOrder(groups: readonly Group[], table: RouteTable, seen: Set<string>): Group[] {
  return groups.flatMap((group) => {
    const { name, fallbacks } = group
    if (seen.has(name)) return []
    seen.add(name)
    return fallbacks.length === 0
      ? [group]
      : [group, ...inOrder(named(fallbacks, table), table, seen)]
  })
}

function named(names: readonly string[], table: RouteTable): Group[] {
  return names.map((name) => table.find(name)).filter((group) => group !== undefined)
}
