import { Elysia } from "elysia"
import { clientGone, toGatewayError } from "../core/error.ts"
import type { IngressRoute, Protocol } from "../core/protocol.ts"
import type { Runtime } from "../runtime.ts"
import { readBody } from "./body.ts"
import { type Listener, shuttingDown } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { operationDocs } from "./openapi/index.ts"
import { toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"

const NO_BODY: Uint8Array = new Uint8Array()
const NOTHING = () => {}

/** Every route of every protocol, plain and below the protocol's prefix. */
export function ingressRoutes(
  runtime: Runtime,
  protocols: ReadonlyMap<string, Protocol>,
  listener: Listener,
) {
  const app = new Elysia({ name: "ingress" })
  for (const protocol of protocols.values()) {
    for (const route of protocol.ingress.routes) {
      const serve = createHandler(runtime, protocol, route, listener)
      // The gateway reads the bytes itself: a parsed and validated body would be another one.
      app.post(route.path, serve, { parse: "none", detail: { ...operationDocs[route.operation] } })
      for (const prefix of protocol.ingress.prefixes) {
        app.post(`${prefix}${route.path}`, serve, { parse: "none", detail: { hide: true } })
      }
    }
  }
  return app
}

function createHandler(
  runtime: Runtime,
  protocol: Protocol,
  { operation }: IngressRoute,
  listener: Listener,
) {
  return async function serve({ request }: { request: Request }): Promise<Response> {
    const id = requestId()
    const { clock } = runtime.context
    const arrived = clock.now()
    const { settings } = runtime.snapshot
    const exchange = {
      id,
      protocol,
      operation,
      headers: request.headers,
      body: NO_BODY,
      signal: request.signal,
      arrived,
      time: clock.wall(),
      ended: NOTHING,
    }
    try {
      requireLocal(settings, listener, request)
      exchange.body = await readBody(request, settings.limits.body)
      if (listener.draining) throw shuttingDown()
    } catch (thrown) {
      const error = request.signal.aborted ? clientGone() : toGatewayError(thrown)
      return toResponse(request, runtime.refuse(exchange, error), settings.server)
    }
    // Only now: until here the listener's idle limit guarded the upload.
    listener.begin(request, exchange)
    exchange.ended = () => listener.end(request, exchange)
    return toResponse(request, await runtime.handle(exchange), settings.server)
  }
}
