import { swagger } from "@elysiajs/swagger"
import { Elysia } from "elysia"
import icon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" }
import css from "swagger-ui-dist/swagger-ui.css" with { type: "file" }
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" }
import { documentation } from "../openapi/index.ts"
import { type Asset, createAsset } from "./asset.ts"
import { PAGE, PAGE_SCRIPT, PAGE_STYLE } from "./page.ts"

export interface SwaggerOptions {
  /** Of the router, shown beside the title. */
  version: string
}

const SPEC_PATH = "/swagger/json"
const HIDDEN = { detail: { hide: true } }
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
 * The `/swagger` page and its document at `/swagger/json`, with every asset from this program.
 * Use it last: the document lists the routes that the app has by then and that are not hidden.
 */
export function swaggerPages({ version }: SwaggerOptions) {
  const page = createAsset(PAGE, "text/html; charset=utf-8", PAGE_HEADERS)
  const serve = (asset: Asset) => (context: { request: Request }) => asset.respond(context.request)

  return new Elysia({ name: "swagger-pages" })
    .use(document(version))
    .get(
      "/swagger",
      ({ path, request }) => (path.endsWith("/") ? redirect("../swagger") : page.respond(request)),
      HIDDEN,
    )
    .get("/swagger/assets/ui.js", serve(createAsset(Bun.file(script), JAVASCRIPT)), HIDDEN)
    .get("/swagger/assets/ui.css", serve(createAsset(Bun.file(css), STYLESHEET)), HIDDEN)
    .get("/swagger/assets/icon.png", serve(createAsset(Bun.file(icon), "image/png")), HIDDEN)
    .get("/swagger/assets/page.js", serve(createAsset(PAGE_SCRIPT, JAVASCRIPT)), HIDDEN)
    .get("/swagger/assets/page.css", serve(createAsset(PAGE_STYLE, STYLESHEET)), HIDDEN)
}

/**
 * The plugin insists on a page of its own, which loads a public CDN. Given the document's path for
 * its page too, the document, which it registers after the page, takes the page's place.
 */
function document(version: string) {
  return swagger({
    path: SPEC_PATH,
    specPath: SPEC_PATH,
    excludeStaticFile: false,
    documentation: documentation(version),
  })
}

function redirect(location: string): Response {
  return new Response(null, { status: 308, headers: { location } })
}
