import type { Elysia } from "elysia"
import icon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" }
import css from "swagger-ui-dist/swagger-ui.css" with { type: "file" }
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" }
import type { Asset } from "./asset.ts"
import type { Route } from "./document.ts"
import { PAGE, PAGE_SCRIPT, PAGE_STYLE } from "./page.ts"

type Headings = Readonly<Record<string, string>>

export interface SwaggerOptions {
  /** Of the router, shown beside the title. */
  version: string
  /** The app's routes, asked for when somebody wants to see them. */
  routes(): readonly Route[]
}

const JSON_TYPE = "application/json;charset=utf-8"
const JAVASCRIPT = "text/javascript; charset=utf-8"
const STYLESHEET = "text/css; charset=utf-8"

/** Scripts and styles come from our files only, requests go to us only; `blob:` plays a recording. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")

const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "referrer-policy": "no-referrer",
}

/**
 * The `/swagger` page and its document at `/swagger/json`, with every asset from this program. What
 * they are made of is loaded and put together at the first request for it: the start needs none of it.
 */
export function swaggerPages({ version, routes }: SwaggerOptions) {
  const asset = (source: () => Bun.BunFile | string, type: string, headers?: Headings) => {
    let made: Promise<Asset> | undefined
    return async ({ request }: { request: Request }) => {
      made ??= import("./asset.ts").then(({ createAsset }) => createAsset(source(), type, headers))
      return (await made).respond(request)
    }
  }
  const page = asset(() => PAGE, "text/html; charset=utf-8", PAGE_HEADERS)
  let document: Promise<string> | undefined

  return (app: Elysia) =>
    app
      .get("/swagger/json", async () => {
        document ??= import("./document.ts").then(({ openApi }) => openApi(version, routes()))
        return new Response(await document, { headers: { "content-type": JSON_TYPE } })
      })
      .get("/swagger", (context) =>
        context.path.endsWith("/") ? redirect("../swagger") : page(context),
      )
      .get(
        "/swagger/assets/ui.js",
        asset(() => Bun.file(script), JAVASCRIPT),
      )
      .get(
        "/swagger/assets/ui.css",
        asset(() => Bun.file(css), STYLESHEET),
      )
      .get(
        "/swagger/assets/icon.png",
        asset(() => Bun.file(icon), "image/png"),
      )
      .get(
        "/swagger/assets/page.js",
        asset(() => PAGE_SCRIPT, JAVASCRIPT),
      )
      .get(
        "/swagger/assets/page.css",
        asset(() => PAGE_STYLE, STYLESHEET),
      )
}

function redirect(location: string): Response {
  return new Response(null, { status: 308, headers: { location } })
}
