import { afterEach, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { RouteRecord } from "../../src/core/route-record.ts"
import { Value } from "@sinclair/typebox/value"
import { overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function request(router: Router, id: string, more: string[] = []) {
  await router.rows()
  const db = join(router.folder, ".llmrouter/llmrouter.db")
  const child = Bun.spawn([process.execPath, main, "usage", "--db", db, "--request", id, ...more], {
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    stdout: "pipe",
    stderr: "pipe",
  })
  const out = await new Response(child.stdout).text()
  return { out, err: await new Response(child.stderr).text(), status: await child.exited }
}

async function setUp(scripts: string[]): Promise<Router> {
  const upstreams: Upstream[] = []
  for (const script of scripts) upstreams.push(await startUpstream({ script }))
  const router = await startRouter(overUpstreams(upstreams))
  open.push(...upstreams, router)
  return router
}

const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

describe("llmrouter usage --request", () => {
  test("tells every attempt of a request, and what else it could have used", async () => {
    const router = await setUp(["status:500", "status:429;ra=30", "ok"])
    const { headers } = await router.post("/v1/chat/completions", ASK)
    const { out } = await request(router, headers.get("x-request-id")!, ["--json"])
    const [row] = (JSON.parse(out) as { rows: { route: RouteRecord }[] }).rows
    expect([...Value.Errors(RouteRecord, row!.route)]).toEqual([])
    expect(row!.route).toMatchObject({
      strategy: "priority",
      more: 0,
      candidates: [
        { channel: "u0/ok#-", state: "ready" },
        { channel: "u1/ok#-", state: "ready" },
        { channel: "u2/ok#-", state: "ready" },
      ],
      attempts: [
        { channel: "u0/ok#-", why: "first", outcome: "upstream-error", status: 500 },
        { channel: "u1/ok#-", why: "next", outcome: "upstream-rate-limited", status: 429 },
        { channel: "u2/ok#-", why: "next", outcome: "ok" },
      ],
    })
    const starts = row!.route.attempts.map(({ began }) => began)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  })

  test("prints them for a person", async () => {
    const router = await setUp(["status:500", "ok"])
    const { headers } = await router.post("/v1/chat/completions", ASK)
    const { out } = await request(router, headers.get("x-request-id")!)
    expect(out).toMatch(/u0\/ok#-\s+first\s+500 upstream-error/)
    expect(out).toMatch(/u1\/ok#-\s+next\s+ok/)
    expect(out).toContain("Candidates, as priority saw them")
  })

  test("speaks of no tokens and no price where nothing was asked", async () => {
    const router = await setUp(["ok"])
    const { headers } = await router.post("/v1/chat/completions", { ...ASK, model: "nothing" })
    const { out } = await request(router, headers.get("x-request-id")!)
    expect(out).toMatch(/404 [^\n]*, –\n/)
    expect(out).not.toContain("unpriced")
  })

  test("says so when there is no such request", async () => {
    const router = await setUp(["ok"])
    await router.post("/v1/chat/completions", ASK)
    const { err, status } = await request(router, "req_nothing")
    expect(status).toBe(1)
    expect(err).toContain("there is no request `req_nothing`")
  })
})
