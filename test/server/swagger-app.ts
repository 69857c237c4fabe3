import { Elysia } from "elysia"
import { documentedRoutes, routeDocs } from "../../src/server/openapi/index.ts"
import { swaggerPages } from "../../src/server/swagger/index.ts"

/** An app with every documented route and the page; a chat is answered with what was received. */
export function swaggerApp() {
  const received: { body: unknown; authorization: string | null }[] = []
  const answer = async ({ request }: { request: Request }) => {
    const type = request.headers.get("content-type") ?? ""
    const body = type.startsWith("multipart/")
      ? Object.fromEntries(await request.formData())
      : await request.json()
    received.push({ body, authorization: request.headers.get("authorization") })
    return Response.json({ answer: "the stub has read the request", model: body.model })
  }
  const ok = () => ({ status: "ok" })

  const app = new Elysia({ name: "swagger-test" })
    .get("/v1/models/*", ok, { detail: { ...routeDocs.model, hide: true } })
    .get("/health", ok, { detail: routeDocs.health })
    .get("/health/live", ok, { detail: routeDocs.live })
    .get("/health/ready", ok, { detail: routeDocs.ready })
    .post("/admin/reload", ok, { detail: routeDocs.reload })
    .get("/admin/health", ok, { detail: routeDocs.channels })
    .get("/admin/explain", ok, { detail: routeDocs.explainFacts })
    .post("/admin/explain", ok, { detail: routeDocs.explain })
  for (const [route, detail] of Object.entries(documentedRoutes)) {
    const [method = "", path = ""] = route.split(" ")
    app.route(method, path, method === "POST" ? answer : ok, { parse: "none", detail })
    app.route(method, `/openai${path}`, ok, { detail: { ...detail, hide: true } })
  }
  app.use(swaggerPages({ version: "0.1.0" }))
  return { app, received }
}
