import type { CanonicalRequest } from "../core/canonical.ts"
import type { Group } from "../core/routing.ts"
import type { GatewayContext } from "./context.ts"
import type { GuessedRequest } from "./routing-request.ts"

/** How wrong a guess by size is, as a factor: text has 2.4 to 7 bytes a token, by language. */
const WRONG = 1.7
/** Milliseconds that a count may take; after that the guess has to do. */
const PATIENCE = 250
/** Bytes of a body that is still decoded for this. */
const LARGEST = 8 * 1024 * 1024

/**
 * Counts the tokens of a request where its guessed length could fall on either side of a window, and
 * where there is something to choose. Nearly all requests are far from every edge.
 *
 * @returns undefined where nothing has to be counted
 */
export function countNearEdge(
  { estimateTokens, timers }: Pick<GatewayContext, "estimateTokens" | "timers">,
  request: GuessedRequest,
  groups: readonly Group[],
  decode: () => CanonicalRequest | undefined,
): Promise<void> | undefined {
  if (request.operation !== "chat" || request.bytes > LARGEST) return undefined
  if (!groups.some((group) => matters(request, group))) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = timers.after(PATIENCE, resolve)
  void count().finally(resolve)
  return promise.finally(stop)

  async function count(): Promise<void> {
    try {
      const decoded = decode()
      if (decoded) request.counted(await estimateTokens(decoded))
    } catch {
      // Whoever sends the request on says what is wrong with it.
    }
  }
}

function matters(request: GuessedRequest, group: Group): boolean {
  const { deployments, fallbacks, contextFallbacks } = group
  if (deployments.length + fallbacks.length + contextFallbacks.length < 2) return false
  return deployments.some(({ window }) => window !== undefined && isNear(request, window))
}

function isNear(request: GuessedRequest, window: number): boolean {
  const output = request.maxTokens ?? 0
  if (request.bytes + output <= window) return false
  const room = window - output
  return request.inputTokens < room * WRONG && request.inputTokens * WRONG > room
}
