import { Elysia } from "elysia"
import { GatewayError } from "../core/error.ts"
import type { IngressRoute, Protocol } from "../core/protocol.ts"
import type { Runtime } from "../runtime.ts"
import { readBody } from "./body.ts"
import type { Listener } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { operationDocs } from "./openapi/index.ts"
import { errorReply, toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"

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
    const { server, limits } = settings
    try {
      requireLocal(settings, listener, request)
      const body = await readBody(request, limits.body)
      if (listener.draining) throw shuttingDown()
      // Only now: until here the listener's idle limit guarded the upload.
      listener.begin(request)
      const reply = await runtime.handle({
        id,
        protocol,
        operation,
        headers: request.headers,
        body,
        signal: request.signal,
        arrived,
        time: clock.wall(),
        ended: () => listener.end(request),
      })
      return await toResponse(request, reply, server)
    } catch (thrown) {
      return toResponse(request, errorReply(protocol.ingress, thrown, id), server)
    }
  }
}

function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "The router is shutting down. Please try again.", {
    code: "shutting_down",
    retryAfterMs: 1000,
  })
}
