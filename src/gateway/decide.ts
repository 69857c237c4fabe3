import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { RoutingRequest } from "../core/routing.ts"
import type { Resolution } from "../routing/resolve.ts"
import type { WalkOptions } from "../routing/walk.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { canTake } from "./prepare.ts"

export interface DecideOptions {
  snapshot: Snapshot
  exchange: Exchange
  envelope: RequestEnvelope
  resolution: Resolution
}

/** What a walk needs to decide where an exchange goes. */
export function walkOptions(
  { health, clock, budget, random, filters }: GatewayContext,
  { snapshot, exchange, envelope, resolution }: DecideOptions,
  request: RoutingRequest,
): WalkOptions {
  return {
    resolution,
    table: snapshot.table,
    health,
    clock,
    budget,
    random,
    filters,
    request,
    refuses: ({ deployment }) =>
      canTake(deployment, exchange, envelope) ? undefined : "does not offer this operation",
  }
}
