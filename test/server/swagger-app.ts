import { Elysia } from "elysia"
import { documentedRoutes } from "../../src/server/openapi/index.ts"
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

  const app = new Elysia({ name: "swagger-test" }).get("/v1/models/*", ok)
  for (const route of Object.keys(documentedRoutes)) {
    const [method = "", path = ""] = route.split(" ")
    app.route(method, path, method === "POST" ? answer : ok, { parse: "none" })
    app.route(method, `/openai${path}`, ok)
  }
  app.use(swaggerPages({ version: "0.1.0", routes: () => app.routes }))
  return { app, received }
}
