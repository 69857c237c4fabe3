import { GatewayError } from "../core/error.ts"
import type { ServedProtocol } from "../core/protocol.ts"
import { routingRequest } from "../gateway/routing-request.ts"
import { type Plan, planOf } from "../gateway/plan.ts"
import { planOfFacts } from "../gateway/planned-request.ts"
import { createHistory } from "../gateway/history.ts"
import { canTake } from "../gateway/prepare.ts"
import { checkRegion, steer } from "../gateway/steer.ts"
import { readSteering, steeringOf } from "../gateway/steering.ts"
import { allowGroup, ANYBODY, type Caller } from "../governance/authenticate.ts"
import { resolve } from "../routing/resolve.ts"
import type { Runtime } from "../runtime.ts"
import { readBody } from "./body.ts"
import { operationOf } from "./exchange.ts"
import { requestId } from "./request-id.ts"

const DEFAULT_PATH = "/v1/chat/completions"

/** `GET /admin/explain?model=…`: what would become of a request of which only this is said. */
export function explainFacts({ snapshot, context }: Runtime, request: Request): Promise<Plan> {
  const { searchParams } = new URL(request.url, "http://router")
  return planOfFacts(context, snapshot, searchParams)
}

/**
 * `POST /admin/explain?path=…&key=…`: the same for a real request, with its own body and steering
 * headers. `path` says where it would be sent, `key` names the caller's key.
 *
 * @throws GatewayError
 */
export async function explainRequest(
  { snapshot, context }: Runtime,
  protocols: readonly ServedProtocol[],
  request: Request,
): Promise<Plan> {
  const { searchParams } = new URL(request.url, "http://router")
  const path = searchParams.get("path") ?? DEFAULT_PATH
  const { protocol, operation } = routeOf(protocols, path)
  const { table, settings } = snapshot
  const exchange = {
    id: requestId(),
    protocol,
    operation,
    headers: request.headers,
    path,
    query: "",
    body: await readBody(request, settings.limits.body),
    signal: request.signal,
    arrived: context.clock.now(),
    time: context.clock.wall(),
    ended: () => {},
  }
  const caller = callerOf(searchParams.get("key"), settings.auth.keys)
  const steering = readSteering(exchange, steeringOf(exchange.headers))
  const envelope = protocol.ingress.inspect(exchange, exchange.body)
  const found = resolve(table, envelope.facts.model, caller.groups)
  allowGroup(caller, found.group.name)
  checkRegion(caller, steering)
  return planOf(context, {
    table,
    resolution: steer(found, steering, table, caller),
    request: routingRequest(
      exchange,
      envelope,
      caller,
      steering,
      createHistory(envelope, undefined, protocol.id),
    ),
    refuses: ({ deployment }) =>
      canTake(deployment, exchange, envelope) ? undefined : "does not offer this operation",
  })
}

function routeOf(protocols: readonly ServedProtocol[], path: string) {
  for (const protocol of protocols) {
    const prefix = protocol.ingress.prefixes.find((each) => path.startsWith(`${each}/`)) ?? ""
    const plain = path.slice(prefix.length)
    for (const route of protocol.ingress.routes) {
      const star = route.path.indexOf("*")
      const fits = star < 0 ? plain === route.path : plain.startsWith(route.path.slice(0, star))
      const operation = fits ? operationOf(route, plain) : undefined
      if (operation) return { protocol, operation }
    }
  }
  throw new GatewayError("invalid-request", `Nothing is served at POST ${path.slice(0, 200)}.`, {
    param: "path",
  })
}

function callerOf(
  name: string | null,
  keys: Runtime["snapshot"]["settings"]["auth"]["keys"],
): Caller {
  if (name === null) return ANYBODY
  const key = keys.find(({ id }) => id === name)
  if (key) return { ...key, groups: key.groups && new Set(key.groups) }
  throw new GatewayError("invalid-request", `There is no caller key \`${name.slice(0, 64)}\`.`, {
    param: "key",
  })
}
