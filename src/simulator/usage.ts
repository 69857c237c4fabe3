import type { Channel } from "../core/routing.ts"
import type { Usage } from "../core/usage.ts"
import type { VirtualRequest } from "./request.ts"

/** What a request uses that got `cacheRead` tokens from a prompt cache. */
export function usageOf({ input, output }: VirtualRequest, cacheRead: number): Usage {
  return { input, output, cacheRead, cacheWrite: 0, reasoning: 0 }
}

/** Nano-USD of a request on a channel; what has no price counts as free. */
export function costOn(
  { deployment }: Channel,
  request: VirtualRequest,
  cacheRead: number,
): number {
  return deployment.cost(usageOf(request, cacheRead)) ?? 0
}
