import type { Group } from "../core/routing.ts"
import type { GatewayContext } from "./context.ts"
import type { History } from "./history.ts"
import type { GuessedRequest } from "./routing-request.ts"

/** How wrong a guess by size is, as a factor: text has 2.4 to 7 bytes a token, by language. */
const WRONG = 1.7
/** Milliseconds that a count may take; after that the guess has to do. */
const PATIENCE = 250
/** Bytes of a body that is still decoded for this. */
const LARGEST = 8 * 1024 * 1024

type Counting = Pick<GatewayContext, "estimateTokens" | "timers">

/**
 * Counts the tokens of a request where its guessed length could fall on either side of a window, and
 * where there is something to choose. Nearly all requests are far from every edge.
 *
 * @returns undefined where nothing has to be counted
 */
export function countNearEdge(
  context: Counting,
  request: GuessedRequest,
  groups: readonly Group[],
  history: Pick<History, "whole">,
): Promise<void> | undefined {
  if (request.operation !== "chat" || request.bytes > LARGEST) return undefined
  for (const group of groups) if (matters(request, group)) return count(context, request, history)
  return undefined
}

async function count(
  { estimateTokens, timers }: Counting,
  request: GuessedRequest,
  history: Pick<History, "whole">,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = timers.after(PATIENCE, resolve)
  const counted = async () => {
    try {
      const decoded = history.whole().decode?.()
      if (decoded) request.counted(await estimateTokens(decoded))
    } catch {
      // Whoever sends the request on says what is wrong with it.
    }
  }
  void counted().finally(resolve)
  await promise
  stop()
}

function matters(request: GuessedRequest, group: Group): boolean {
  const { deployments, fallbacks, contextFallbacks } = group
  if (deployments.length + fallbacks.length + contextFallbacks.length < 2) return false
  for (const { window } of deployments) {
    if (window !== undefined && isNear(request, window)) return true
  }
  return false
}

function isNear(request: GuessedRequest, window: number): boolean {
  const output = request.maxTokens ?? 0
  if (request.bytes + output <= window) return false
  const room = window - output
  return request.inputTokens < room * WRONG && request.inputTokens * WRONG > room
}
