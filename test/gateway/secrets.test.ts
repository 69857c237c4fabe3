import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { clients } from "../matrix/clients/index.ts"
import { closing } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { ASK, requestOf } from "../torture/support/everywhere.ts"

const use = closing()
const SESSION = "session-token-0123456789abcdef"
const BEARER = "bedrock-api-key-0123456789abcdef"

test("what a signature put into a request is not told, even where the upstream repeats it", async () => {
  const upstream = await use(
    startUpstream({
      script: ({ headers }) => ({ status: 400, body: { message: JSON.stringify(headers) } }),
    }),
  )
  const baseUrl = `http://127.0.0.1:${upstream.port}`
  const router = await use(
    startRouter({
      providers: {
        keys: { type: "bedrock", baseUrl, keys: [`AKIDEXAMPLE:SECRET-0123456789:${SESSION}`] },
        bearer: { type: "bedrock", baseUrl, keys: [BEARER] },
        plain: { type: "anthropic", baseUrl: `${baseUrl}/v1`, keys: [BEARER] },
      },
      groups: {
        keys: ["keys/anthropic.claude-sonnet-4-5-20250929-v1:0"],
        bearer: ["bearer/amazon.nova-pro-v1:0"],
        plain: ["plain/claude-sonnet-4-5"],
      },
    }),
  )
  for (const client of clients) {
    for (const group of ["keys", "bearer", "plain"]) {
      const { path, body, headers } = requestOf(client, group, ASK)
      const answer = await router.post(path, body, headers)
      const text = await answer.text()
      const seen = upstream.requests.at(-1)!
      expect(JSON.stringify(seen.headers)).toContain(group === "keys" ? SESSION : BEARER)
      const told = [SESSION, BEARER, "SECRET-0123456789"].filter((secret) => text.includes(secret))
      expect([client.ingress, group, answer.status, told]).toEqual([client.ingress, group, 400, []])
    }
  }
})

test("secret headers are not told, even where the upstream repeats them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "llmrouter-secrets-"))
  await use({ close: () => rmSync(folder, { recursive: true }) })
  writeFileSync(join(folder, "tenant"), "tenant-0123456789")
  const upstream = await use(startUpstream())
  const router = await use(
    startRouter({
      providers: {
        house: {
          type: "openai-compatible",
          baseUrl: upstream.url,
          headers: {
            "x-tenant": `\${file:${join(folder, "tenant")}}`,
            authorization: "Bearer login-0123456789",
            "x-house": "house-0123456789",
            "user-agent": "research-and-development",
          },
          errorMatchers: ["x-tenant"],
          errors: [{ phase: "before", cooldown: "0s", breaker: false }],
        },
      },
      groups: { g: ["house/any"] },
      retries: 0,
    }),
  )
  const body = { model: "g", messages: [{ role: "user", content: "hi" }] }
  for (const status of [400, 401, 500, 200]) {
    const message = ({ headers }: { headers: object }) => JSON.stringify(headers)
    upstream.script((request) => ({ status, body: { error: { message: message(request) } } }))
    const text = await (await router.post("/v1/chat/completions", body)).text()
    const sent = message(upstream.requests.at(-1)!)
    expect(sent).toContain("tenant-0123456789")
    expect(sent).toContain("login-0123456789")
    expect(sent).toContain("house-0123456789")
    expect([status, text]).toEqual([status, expect.stringContaining("[secret]")])
    expect([status, text]).not.toEqual([status, expect.stringContaining("-0123456789")])
    if (status !== 200) expect(text).toContain("research-and-development")
  }
  expect(JSON.stringify(await router.rows())).not.toContain("-0123456789")
})
