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
  return new RouteChain(root, table)
}

/** A class, since every request has one. */
class RouteChain implements Chain {
  readonly #root: Group
  readonly #table: RouteTable
  #groups: readonly Group[]
  /** How many of the groups were given. */
  #given = 0
  /** Names of those that were given, or will be; most requests never leave the usual way. */
  #seen: Set<string> | undefined

  constructor(root: Group, table: RouteTable) {
    this.#root = root
    this.#table = table
    this.#groups = chain(root, table)
  }

  next(): Group | undefined {
    return this.#groups[this.#given++]
  }

  rest(): readonly Group[] {
    return this.#groups.slice(this.#given)
  }

  leads(detour: Detour, from: Group): boolean {
    return this.#groupsFor(detour, from).length > 0
  }

  divert(detour: Detour, from: Group, keep: boolean): void {
    this.#seen ??= new Set(this.#groups.map(({ name }) => name))
    const rest = this.rest()
    // What was a usual fallback, and was not reached, is free again.
    for (const { name } of rest) this.#seen.delete(name)
    const next = inOrder(this.#groupsFor(detour, from), this.#table, this.#seen)
    this.#groups = keep ? [...next, ...rest.filter((group) => !next.includes(group))] : next
    this.#given = 0
  }

  #groupsFor(detour: Detour, from: Group): Group[] {
    const key = detour === "context-length" ? "contextFallbacks" : "contentPolicyFallbacks"
    return named(from[key].length > 0 ? from[key] : this.#root[key], this.#table)
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
