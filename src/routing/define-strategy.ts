import type { Strategy } from "../core/routing.ts"

/** A strategy for the registry, where what each one remembers is nobody else's business. */
export function defineStrategy<Memory>(strategy: Strategy<Memory>): Strategy {
  return strategy as unknown as Strategy
}

/** For strategies that remember nothing. */
export const noMemory = (): undefined => undefined
