import { Elysia } from "elysia"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { Protocol } from "../core/protocol.ts"
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
import { swaggerPages } from "./swagger/index.ts"

/** Bun's own limit is only a backstop: handlers refuse earlier, with a body that says why. */
const BODY_BACKSTOP = 8 * 1024 ** 3

/** The whole HTTP surface of one runtime. */
export function createApp(
  runtime: Runtime,
  protocols: ReadonlyMap<string, Protocol>,
  listener: Listener,
) {
  // Requests that match no route are answered as the first protocol does: by far the most common.
  const protocol = protocols.values().next().value!
  const settings = () => runtime.snapshot.settings.server

  const app = new Elysia({
    serve: { idleTimeout: IDLE_SECONDS, maxRequestBodySize: BODY_BACKSTOP, development: false },
  })
    .onError(({ request, code, error }) => {
      const id = requestId()
      if (code === "NOT_FOUND") {
        return toResponse(request, errorReply(protocol, notFound(request, methods), id), settings())
      }
      runtime.logger.error("a request failed inside the router", { id, cause: String(error) })
      return toResponse(request, errorReply(protocol, toGatewayError(error), id), settings())
    })
    .options(
      "/*",
      ({ request }) => preflight(settings().cors, request) ?? new Response(null, { status: 204 }),
      { detail: { hide: true } },
    )
    .get("/", () => new Response(null, { status: 302, headers: { location: "/swagger" } }), {
      detail: { hide: true },
    })
    .use(ingressRoutes(runtime, protocols, listener))
    .use(modelRoutes(runtime, protocol, listener))
    .use(healthRoutes(runtime, listener))
    .use(adminRoutes(runtime, protocol, listener))
    .use(swaggerPages({ version: VERSION }))

  const methods = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    const known = methods.get(path) ?? new Set()
    methods.set(path, known.add(method))
  }
  return app
}

/** Nothing is served here: says what is meant, or which method is. */
function notFound(request: Request, methods: ReadonlyMap<string, ReadonlySet<string>>) {
  const { pathname } = new URL(request.url, "http://localhost")
  const allowed = methods.get(pathname)
  if (allowed && !allowed.has(request.method)) {
    return new GatewayError(
      "method-not-allowed",
      `${request.method} is not allowed here; use ${[...allowed].join(" or ")}.`,
      { code: "method_not_allowed" },
    )
  }
  return new GatewayError(
    "not-found",
    `Nothing is served at ${request.method} ${pathname.slice(0, 200)}. The API is at /v1, its description at /swagger.`,
    { code: "unknown_url" },
  )
}
