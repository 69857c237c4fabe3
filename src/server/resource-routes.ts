import type { Elysia } from "elysia"
import { toGatewayError } from "../core/error.ts"
import type { ResourceRoute, ServedProtocol } from "../core/protocol.ts"
import { errorReply } from "../gateway/reply.ts"
import type { Runtime } from "../runtime.ts"
import type { Listener } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"
import { locate } from "./request-url.ts"

/** Routes for what the router keeps itself, plain and below the protocol's prefix. */
export function resourceRoutes(
  runtime: Runtime,
  protocols: readonly ServedProtocol[],
  listener: Listener,
) {
  return (app: Elysia) => {
    for (const protocol of protocols) {
      for (const route of protocol.ingress.resources ?? []) {
        const plain = createHandler(runtime, protocol, route, listener, "")
        app.route(route.method, route.path, plain)
        for (const prefix of protocol.ingress.prefixes) {
          const serve = createHandler(runtime, protocol, route, listener, prefix)
          app.route(route.method, `${prefix}${route.path}`, serve)
        }
      }
    }
    return app
  }
}

function createHandler(
  runtime: Runtime,
  protocol: ServedProtocol,
  route: ResourceRoute,
  listener: Listener,
  prefix: string,
) {
  return async function serve({
    request,
    params,
  }: {
    request: Request
    params: Record<string, string>
  }): Promise<Response> {
    const { snapshot, context } = runtime
    const id = requestId()
    const head = { ...locate(request.url, prefix), headers: request.headers }
    const own = { "x-request-id": id, ...protocol.ingress.replyHeaders?.(id) }
    try {
      requireLocal(snapshot.settings, listener, request)
      const caller = snapshot.authenticator.authenticate(head).id
      const { answers } = context
      const answer = await route.serve({ head, params, caller, answers, requestId: id })
      const headers = { "content-type": "application/json", ...own, ...answer.headers }
      return toResponse(request, { ...answer, headers }, snapshot.settings.server)
    } catch (thrown) {
      const error = toGatewayError(thrown)
      if (error.kind === "internal") {
        runtime.logger.error("a request failed inside the router", { id, cause: String(thrown) })
      }
      return toResponse(request, errorReply(protocol, error, id, own), snapshot.settings.server)
    }
  }
}
