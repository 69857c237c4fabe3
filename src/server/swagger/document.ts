import { swagger } from "@elysiajs/swagger"
import { Elysia } from "elysia"
import { documentation, routeDoc } from "../openapi/index.ts"

/** A route as Elysia lists it. */
export interface Route {
  method: string
  path: string
}

const PATH = "/document"

/**
 * The OpenAPI document of routes, as JSON: what the plugin says of an app that has them, each with
 * what there is to say about it.
 */
export async function openApi(version: string, routes: readonly Route[]): Promise<string> {
  const app = new Elysia()
  for (const { method, path } of routes) {
    app.route(method, path, () => undefined, { detail: routeDoc(method, path) })
  }
  // The plugin insists on a page of its own, which loads a public CDN. Given the document's path for
  // its page too, the document, which it registers after the page, takes the page's place.
  app.use(
    swagger({
      path: PATH,
      specPath: PATH,
      excludeStaticFile: false,
      documentation: documentation(version),
    }),
  )
  const answer = await app.handle(new Request(`http://localhost${PATH}`))
  return answer.text()
}
