import type { Elysia } from "elysia"
import { clientGone, GatewayError, toGatewayError } from "../core/error.ts"
import { Life } from "../core/life.ts"
import type { IngressRoute, ServedProtocol } from "../core/protocol.ts"
import type { Runtime } from "../runtime.ts"
import { readBody } from "./body.ts"
import { openExchange, operationOf } from "./exchange.ts"
import { IDLE_SECONDS, type Listener, shuttingDown } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { toResponse } from "./reply.ts"
import { locate } from "./request-url.ts"

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
    const { settings } = runtime.snapshot
    const { headers, signal } = request
    const place = locate(request.url, prefix)
    const operation = operationOf(route, place.path)
    const life = new Life()
    if (signal.aborted) life.abort(signal.reason)
    else signal.addEventListener("abort", () => life.abort(signal.reason), { once: true })
    const served = operation ?? route.operation
    const exchange = openExchange(runtime, protocol, served, headers, place, life)
    try {
      requireLocal(settings, listener, exchange)
      if (!operation) throw unknownAction(place.path)
      exchange.body = await readBody(request, settings.limits.body)
      if (listener.draining) throw shuttingDown()
    } catch (thrown) {
      const error = life.aborted ? clientGone() : toGatewayError(thrown)
      return toResponse(request, runtime.refuse(exchange, error), settings.server)
    }
    // Only now: until here the listener's idle limit guarded the upload.
    const { server } = listener
    server?.timeout(request, 0)
    listener.begin(exchange)
    exchange.ended = () => {
      server?.timeout(request, IDLE_SECONDS)
      listener.end(exchange)
    }
    return toResponse(request, await runtime.handle(exchange), settings.server)
  }
}

function unknownAction(path: string): GatewayError {
  return new GatewayError("not-found", `Nothing is served at POST ${path.slice(0, 200)}.`, {
    code: "unknown_url",
  })
}
