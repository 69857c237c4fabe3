import type { Elysia } from "elysia"
import { clientGone, GatewayError, toGatewayError } from "../core/error.ts"
import { Life } from "../core/life.ts"
import type { Operation } from "../core/operation.ts"
import type { IngressRoute, ServedProtocol } from "../core/protocol.ts"
import type { Runtime } from "../runtime.ts"
import { readBody } from "./body.ts"
import { type Listener, shuttingDown } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"
import { locate } from "./request-url.ts"

const NO_BODY: Uint8Array = new Uint8Array()
const NOTHING = () => {}

/** Every route of every protocol, plain and below the protocol's prefix. */
export function ingressRoutes(
  runtime: Runtime,
  protocols: readonly ServedProtocol[],
  listener: Listener,
) {
  return (app: Elysia) => {
    for (const protocol of protocols) {
      for (const route of protocol.ingress.routes) {
        // The gateway reads the bytes itself: a parsed and validated body would be another one.
        const plain = createHandler(runtime, protocol, route, listener, "")
        app.post(route.path, plain, { parse: "none" })
        for (const prefix of protocol.ingress.prefixes) {
          const serve = createHandler(runtime, protocol, route, listener, prefix)
          app.post(`${prefix}${route.path}`, serve, { parse: "none" })
        }
      }
    }
    return app
  }
}

function createHandler(
  runtime: Runtime,
  protocol: ServedProtocol,
  route: IngressRoute,
  listener: Listener,
  prefix: string,
) {
  return async function serve({ request }: { request: Request }): Promise<Response> {
    const id = requestId()
    const { clock } = runtime.context
    const arrived = clock.now()
    const { settings } = runtime.snapshot
    const { path, query } = locate(request.url, prefix)
    const operation = operationOf(route, path)
    const life = new Life()
    const { signal } = request
    if (signal.aborted) life.abort(signal.reason)
    else signal.addEventListener("abort", () => life.abort(signal.reason), { once: true })
    const exchange = {
      id,
      protocol,
      operation: operation ?? route.operation,
      headers: request.headers,
      path,
      query,
      body: NO_BODY,
      signal: life,
      arrived,
      time: clock.wall(),
      ended: NOTHING,
    }
    try {
      requireLocal(settings, listener, request)
      if (!operation) throw unknownAction(path)
      exchange.body = await readBody(request, settings.limits.body)
      if (listener.draining) throw shuttingDown()
    } catch (thrown) {
      const error = life.aborted ? clientGone() : toGatewayError(thrown)
      return toResponse(request, runtime.refuse(exchange, error), settings.server)
    }
    // Only now: until here the listener's idle limit guarded the upload.
    listener.begin(request, exchange)
    exchange.ended = () => listener.end(request, exchange)
    return toResponse(request, await runtime.handle(exchange), settings.server)
  }
}

/** The operation of a request; undefined for an action that the route does not have. */
export function operationOf(
  { operation, actions }: IngressRoute,
  path: string,
): Operation | undefined {
  if (!actions) return operation
  // The model's name may have colons, too.
  const colon = Math.max(path.lastIndexOf(":"), path.toUpperCase().lastIndexOf("%3A") + 2)
  const action = path.slice(colon + 1)
  return Object.hasOwn(actions, action) ? actions[action] : undefined
}

function unknownAction(path: string): GatewayError {
  return new GatewayError("not-found", `Nothing is served at POST ${path.slice(0, 200)}.`, {
    code: "unknown_url",
  })
}
