import { afterAll, describe, expect, test } from "bun:test"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { swaggerApp } from "./swagger-app.ts"

const { app } = swaggerApp()
app.listen({ port: 0, hostname: "127.0.0.1" })
const origin = `http://127.0.0.1:${app.server!.port}`
afterAll(() => app.stop(true))

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(origin + path, {
    headers: { "accept-encoding": "identity", ...headers },
    decompress: false,
    redirect: "manual",
  })
}

const ASSETS: [string, string, string][] = [
  ["/swagger", "text/html; charset=utf-8", "<!doctype html>"],
  ["/swagger/assets/ui.js", "text/javascript; charset=utf-8", "SwaggerUIBundle"],
  ["/swagger/assets/ui.css", "text/css; charset=utf-8", ".swagger-ui"],
  ["/swagger/assets/page.js", "text/javascript; charset=utf-8", "SwaggerUIBundle("],
  ["/swagger/assets/page.css", "text/css; charset=utf-8", ".swagger-ui"],
]

describe("the page's assets", () => {
  for (const [path, type, content] of ASSETS) {
    test(`${path} has its type and content`, async () => {
      const response = await get(path)
      expect(response.status).toBe(200)
      expect(response.headers.get("content-type")).toBe(type)
      expect(response.headers.get("x-content-type-options")).toBe("nosniff")
      expect(response.headers.get("content-encoding")).toBeNull()
      expect(await response.text()).toContain(content)
    })

    test(`${path} is the same text as gzip and as br`, async () => {
      const plain = await (await get(path)).text()
      const gzip = await get(path, { "accept-encoding": "gzip, zstd;q=0.5" })
      expect(gzip.headers.get("content-encoding")).toBe("gzip")
      expect(gzip.headers.get("vary")).toBe("Accept-Encoding")
      expect(gunzipSync(await gzip.bytes()).toString()).toBe(plain)
      const br = await get(path, { "accept-encoding": "gzip, br" })
      expect(br.headers.get("content-encoding")).toBe("br")
      expect(brotliDecompressSync(await br.bytes()).toString()).toBe(plain)
    })

    test(`${path} is not sent again to who has it`, async () => {
      const first = await get(path)
      const etag = first.headers.get("etag")!
      const strong = etag.replace("W/", "")
      for (const known of [etag, strong, `"other", ${etag}`, "*"]) {
        const again = await get(path, { "if-none-match": known })
        expect(again.status, known).toBe(304)
        expect(again.headers.get("etag")).toBe(etag)
        expect((await again.bytes()).byteLength).toBe(0)
      }
      const stale = await get(path, { "if-none-match": '"other"' })
      expect(stale.status).toBe(200)
      expect((await stale.text()).length).toBeGreaterThan(100)
    })
  }

  test("the compressed script is under half a megabyte and says its length", async () => {
    const response = await get("/swagger/assets/ui.js", { "accept-encoding": "gzip" })
    const length = Number(response.headers.get("content-length"))
    expect(length).toBe((await response.bytes()).byteLength)
    expect(length).toBeLessThan(500_000)
  })

  test("the icon is a picture and never compressed", async () => {
    const response = await get("/swagger/assets/icon.png", { "accept-encoding": "gzip, br" })
    expect(response.headers.get("content-type")).toBe("image/png")
    expect(response.headers.get("content-encoding")).toBeNull()
    const bytes = await response.bytes()
    expect([...bytes.slice(1, 4)]).toEqual([...Buffer.from("PNG")])
  })
})

describe("the page", () => {
  test("has no script of its own and names no other host", async () => {
    const response = await get("/swagger")
    const html = await response.text()
    expect(html.match(/<script\b[^>]*>/g)?.every((tag) => tag.includes(' src="swagger/'))).toBe(
      true,
    )
    expect(html).not.toMatch(/<script\b[^>]*>[^<]/)
    expect(html).not.toMatch(/https?:\/\//)
    const policy = response.headers.get("content-security-policy")!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain("unsafe")
  })

  test("links only to what is there", async () => {
    const html = await (await get("/swagger")).text()
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(4)
    for (const link of links) {
      const response = await get(new URL(link, `${origin}/swagger`).pathname)
      expect(response.status, link).toBe(200)
    }
  })

  test("with a trailing slash redirects to the one without", async () => {
    const response = await get("/swagger/")
    expect(response.status).toBe(308)
    const target = new URL(response.headers.get("location")!, `${origin}/swagger/`)
    expect(target.pathname).toBe("/swagger")
  })

  test("is the only one: no route answers with a page that loads from a public host", async () => {
    const paths = app.routes.filter((route) => route.method === "GET").map((route) => route.path)
    expect(paths.filter((path) => path === "/swagger/json")).toHaveLength(1)
    for (const path of paths.filter((each) => each.startsWith("/swagger"))) {
      const response = await get(path)
      if (!response.headers.get("content-type")?.startsWith("text/html")) continue
      expect(await response.text(), path).not.toMatch(/unpkg|jsdelivr|cdn|https?:\/\//i)
    }
    const spec = await get("/swagger/json")
    expect(spec.headers.get("content-type")).toStartWith("application/json")
    expect(((await spec.json()) as { openapi: string }).openapi).toBe("3.0.3")
  })
})
