import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { type ConfigFile, startRouter } from "../support/router.ts"

const use = closing()
const PAGE = "https://chat.example.com"

const router = (config: ConfigFile = {}) =>
  use(
    startRouter({ providers: { demo: { type: "demo" } }, groups: { g: ["demo/demo"] }, ...config }),
  )

test.each(["/health", "/health/live", "/health/ready", "/v1/models", "/nowhere"])(
  "a page that may call can read %s",
  async (path) => {
    const { url } = await router({ server: { cors: { origins: [PAGE] } } })
    const { headers } = await fetch(url + path, { headers: { origin: PAGE } })
    expect(headers.get("access-control-allow-origin")).toBe(PAGE)
    expect(headers.get("vary")).toContain("Origin")
  },
)

describe("an OPTIONS", () => {
  const preflight = { origin: PAGE, "access-control-request-method": "POST" }
  const options = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, { method: "OPTIONS", headers })

  test("that is no preflight is no method of a route, and finds nothing elsewhere", async () => {
    const { url } = await router({ server: { cors: { origins: [PAGE] } } })
    const known = await options(`${url}/v1/chat/completions`)
    expect(known.status).toBe(405)
    expect(known.headers.get("allow")).toBe("POST")
    expect((await options(`${url}/nowhere`)).status).toBe(404)
    expect((await options(`${url}/v1/chat/completions`, preflight)).status).toBe(204)
  })

  test("is not answered as a preflight where CORS is off", async () => {
    const { url } = await router()
    expect((await options(`${url}/v1/chat/completions`, preflight)).status).toBe(405)
  })
})

test("a method that is not served is told which ones are", async () => {
  const { url } = await router()
  const answer = await fetch(`${url}/v1/models`, { method: "DELETE" })
  expect(answer.status).toBe(405)
  expect(answer.headers.get("allow")).toBe("GET, HEAD")
  expect(await answer.json()).toMatchObject({ error: { code: "method_not_allowed" } })
  expect((await fetch(`${url}/v1/models`, { method: "HEAD" })).status).toBe(200)
})
