import { GatewayError, toGatewayError } from "../core/error.ts"
import { nearest } from "../core/nearest.ts"
import type { Strategy } from "../core/routing.ts"
import { allowGroup, type Caller } from "../governance/authenticate.ts"
import { type Resolution, type RouteTable, resolve, strategyByWord } from "../routing/resolve.ts"
import { strategyNames } from "../routing/strategies/index.ts"
import type { Steering } from "./steering.ts"

/**
 * Where a request goes when its caller has a say in it.
 *
 * @throws GatewayError `invalid-request` for a strategy that does not exist, `not-found` and `forbidden`
 *   for a fallback that does not exist or that this caller may not use
 */
export function steer(
  resolution: Resolution,
  { strategy, fallbacks }: Steering,
  table: RouteTable,
  caller: Caller,
): Resolution {
  if (strategy === undefined && fallbacks === undefined) return resolution
  return steered(resolution, strategy, fallbacks, table, caller)
}

function steered(
  resolution: Resolution,
  strategy: Steering["strategy"],
  fallbacks: Steering["fallbacks"],
  table: RouteTable,
  caller: Caller,
): Resolution {
  if (resolution.pinned) {
    throw new GatewayError(
      "invalid-request",
      "A pinned channel (`group$N`) takes neither a strategy nor fallbacks.",
      { code: "invalid_steering", param: "model" },
    )
  }
  const { group } = resolution
  return {
    ...resolution,
    group: {
      ...group,
      ...(strategy !== undefined && { strategy: named(strategy) }),
      ...(fallbacks && { fallbacks: fallbacks.map((name) => allowed(table, name, caller)) }),
    },
  }
}

function named(name: string): Strategy {
  const found = strategyByWord(name)
  if (found) return found
  const near = nearest(name, strategyNames)
  const hint = near.length > 0 ? ` Did you mean \`${near.join("` or `")}\`?` : ""
  throw new GatewayError(
    "invalid-request",
    `There is no strategy \`${name.slice(0, 64)}\`.${hint}`,
    { code: "unknown_strategy", param: "llmrouter.strategy" },
  )
}

function allowed(table: RouteTable, name: string, caller: Caller): string {
  const param = "llmrouter.fallbacks"
  try {
    const { group, pinned, unknown } = resolve(table, name, caller.groups)
    allowGroup(caller, group.name)
    if (!pinned && !unknown && table.find(name)) return name
  } catch (thrown) {
    const { kind, message, detail } = toGatewayError(thrown)
    throw new GatewayError(kind, message, { ...detail, param })
  }
  throw new GatewayError(
    "invalid-request",
    `\`${name.slice(0, 200)}\` cannot be a fallback: name a group or \`provider/model\`.`,
    { code: "invalid_steering", param },
  )
}

/** @throws GatewayError `forbidden` for a region outside of the one that the caller's key is bound to */
export function checkRegion(caller: Caller, { region }: Steering): void {
  if (region === undefined || caller.region === undefined) return
  if (isWithin(region.toLowerCase(), caller.region.toLowerCase())) return
  throw new GatewayError(
    "forbidden",
    `This key stays in the region \`${caller.region}\`; the request asks for \`${region}\`.`,
    { code: "region_not_allowed", param: "llmrouter.region" },
  )
}

/** `eu-west-1` is within `eu`. */
function isWithin(region: string, wider: string): boolean {
  return region === wider || region.startsWith(`${wider}-`)
}
