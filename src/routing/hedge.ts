import type { Operation } from "../core/operation.ts"
import type { RoutingRequest } from "../core/routing.ts"
import type { HedgeSettings } from "../core/settings.ts"
import type { Step } from "./walk.ts"

/** What may be asked for twice: text that is thrown away is cheap, and nothing is made that stays. */
const SAFE: ReadonlySet<Operation> = new Set<Operation>([
  "chat",
  "completion",
  "embeddings",
  "moderation",
  "rerank",
  "count-tokens",
])

/**
 * When a second attempt begins beside a step, in milliseconds after it; undefined is never. A percentile
 * is of first contents: of a whole answer it says nothing, which nearly always takes longer.
 */
export function hedgeDelay(
  hedge: HedgeSettings | undefined,
  { operation, stream }: Pick<RoutingRequest, "operation" | "stream">,
): ((step: Step) => number | undefined) | undefined {
  if (!hedge || !SAFE.has(operation)) return undefined
  const { delay } = hedge
  if (delay !== "p95") return always(delay)
  return stream ? usualFirst : undefined
}

function always(delay: number): () => number {
  return () => delay
}

function usualFirst({ channel }: Step): number | undefined {
  const usual = channel.deployment.health.traffic.quantile(0.95)
  return Number.isNaN(usual) ? undefined : usual
}
