import { Elysia } from "elysia"
import { toGatewayError } from "../core/error.ts"
import type { ServedProtocol } from "../core/protocol.ts"
import { VERSION } from "../core/version.ts"
import { errorReply } from "../gateway/reply.ts"
import type { Runtime } from "../runtime.ts"
import { adminRoutes } from "./admin-routes.ts"
import { preflight } from "./cors.ts"
import { healthRoutes } from "./health-routes.ts"
import { ingressRoutes } from "./ingress-routes.ts"
import { IDLE_SECONDS, type Listener } from "./listener.ts"
import { modelRoutes } from "./model-routes.ts"
import { toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"
import { resourceRoutes } from "./resource-routes.ts"
import type { Route } from "./swagger/document.ts"
import { swaggerPages } from "./swagger/index.ts"
import { createUnserved } from "./unserved.ts"

/** Bun's own limit is only a backstop: handlers refuse earlier, with a body that says why. */
const BODY_BACKSTOP = 8 * 1024 ** 3

/** The whole HTTP surface of one runtime. */
export function createApp(runtime: Runtime, served: readonly ServedProtocol[], listener: Listener) {
  const settings = () => runtime.snapshot.settings.server

  const app = new Elysia({
    serve: { idleTimeout: IDLE_SECONDS, maxRequestBodySize: BODY_BACKSTOP, development: false },
  })
    .onError(({ request, code, error }) => {
      if (code === "NOT_FOUND") return unserved(request)
      const id = requestId()
      runtime.logger.error("a request failed inside the router", { id, cause: String(error) })
      const reply = errorReply(missing.protocolOf(request), toGatewayError(error), id)
      return toResponse(request, reply, settings())
    })
    .options("/*", ({ request }) => preflight(settings().cors, request) ?? unserved(request))
    // Claude Code asks whether anything is there before it begins.
    .head("/", () => new Response(null, { status: 200 }))
    .get("/", () => new Response(null, { status: 302, headers: { location: "/swagger" } }))
    .use(ingressRoutes(runtime, served, listener))
    .use(resourceRoutes(runtime, served, listener))
    .use(modelRoutes(runtime, served, listener))
    .use(healthRoutes(runtime, listener))
    .use(adminRoutes(runtime, served, listener))
    .use(swaggerPages({ version: VERSION, routes: (): readonly Route[] => app.routes }))

  const missing = createUnserved(served, () => app.routes)
  const unserved = (request: Request) => toResponse(request, missing.reply(request), settings())
  return app
}
