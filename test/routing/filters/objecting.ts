import type { Channel, Deployment, RoutingRequest } from "../../../src/core/routing.ts"
import { filters } from "../../../src/routing/filters/index.ts"
import type { Filter, Objection } from "../../../src/routing/filters/filter.ts"
import { objectionsTo } from "../../../src/routing/filters/objections.ts"
import { group, request } from "../parts.ts"

type GroupOptions = Parameters<typeof group>[2]

/** What all filters, or these, have against each channel, in order. */
export function objections(
  deployments: readonly Deployment[],
  asked: Partial<RoutingRequest> = {},
  options: { now?: number; group?: GroupOptions; filters?: readonly Filter[] } = {},
): (Objection | undefined)[] {
  const own = group("g", deployments, options.group)
  const asking = {
    request: request(asked),
    filters: options.filters ?? filters,
    refuses: () => undefined,
  }
  const found = objectionsTo(asking, own, options.now ?? 1_000_000)
  return found ?? own.channels.map(() => undefined)
}

/** The same, for a person: what there is against each, with `?` behind what is only tried last. */
export function told(...asked: Parameters<typeof objections>): (string | undefined)[] {
  return objections(...asked).map(
    (objection) => objection && objection.why + (objection.soft ? " ?" : ""),
  )
}

/** One filter that objects as it is told. */
export function objecting(
  name: string,
  scope: Filter["scope"],
  against: (channel: Channel) => Omit<Objection, "filter"> | undefined,
): Filter {
  return { name, scope, checker: () => against }
}
