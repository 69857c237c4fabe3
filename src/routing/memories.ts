import type { Group, Strategy } from "../core/routing.ts"

/** What strategies remember of groups across requests and reloads. */
export interface Memories {
  /** Made at its first use. */
  of<Memory>(group: string, strategy: Strategy<Memory>): Memory
  /** Drops those of groups, and of strategies of groups, that are not there. */
  keep(groups: ReadonlyMap<string, Group>): void
}

export function createMemories(): Memories {
  const memories = new Map<string, Map<string, unknown>>()
  return {
    of<Memory>(group: string, strategy: Strategy<Memory>): Memory {
      let own = memories.get(group)
      if (!own) {
        own = new Map()
        memories.set(group, own)
      }
      let memory = own.get(strategy.name) as Memory | undefined
      if (memory === undefined && !own.has(strategy.name)) {
        memory = strategy.createMemory()
        own.set(strategy.name, memory)
      }
      return memory as Memory
    },
    keep(groups) {
      for (const [name, own] of memories) {
        const group = groups.get(name)
        if (!group) {
          memories.delete(name)
          continue
        }
        for (const [strategy, memory] of own) {
          if (strategy === group.strategy.name) group.strategy.keep?.(memory, group)
          else own.delete(strategy)
        }
      }
    },
  }
}
