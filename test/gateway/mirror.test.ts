import type { EndSignal } from "../../src/core/life.ts"
import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createMirrors } from "../../src/gateway/mirrors.ts"
import { systemTimers } from "../../src/core/clock.ts"
import { closing, until } from "../support/cleanup.ts"
import { emptyFolder, serve } from "../support/program.ts"
import { type ConfigFile, type Router, startRouter } from "../support/router.ts"
import { type Behaviour, startUpstream, type Upstream } from "../support/upstream/index.ts"

const use = closing()

const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }

/** A group and its mirror, with an upstream for each. */
async function mirrored(
  script: Behaviour,
  {
    percent = 100,
    own = "ok",
    more = {},
  }: { percent?: number; own?: string; more?: ConfigFile } = {},
): Promise<{ router: Router; caller: Upstream; copy: Upstream }> {
  const caller = await use(startUpstream({ script: own }))
  const copy = await use(startUpstream({ script: () => script }))
  const router = await use(
    startRouter({
      providers: {
        a: { type: "openai-compatible", baseUrl: caller.url },
        b: { type: "openai-compatible", baseUrl: copy.url },
        c: { type: "openai-compatible", baseUrl: copy.url },
      },
      groups: {
        g: { models: ["a/m"], mirror: { group: "shadow", percent } },
        shadow: { models: ["b/m", "c/m"], fallbacks: ["g"], mirror: { group: "g" } },
      },
      ...more,
    }),
  )
  return { router, caller, copy }
}

const idle = (router: Router) => until(() => router.runtime.context.mirrors.size === 0)

async function rowsOf(router: Router) {
  const rows = await router.rows()
  return {
    own: rows.filter((row) => row["mirror_of"] === null),
    copies: rows.filter((row) => row["mirror_of"] !== null),
  }
}

describe("a copy of a request", () => {
  test.each([
    ["whole", ASK],
    ["streamed", STREAM],
  ])("goes to the mirror with a row of its own, %s", async (_, body) => {
    const { router, copy } = await mirrored("use:;input=50;output=9|role|tok:3|usage|done")
    const response = await router.post("/v1/chat/completions", { ...body, user: "me" })
    expect(await response.text()).toContain("Hello")
    await copy.waitFor(({ requests }) => requests[0]?.finished === true)
    await idle(router)
    const { own, copies } = await rowsOf(router)
    expect(own).toMatchObject([{ group: "g", deployment: "a/m", attempts: 1 }])
    expect(copies).toMatchObject([
      {
        mirror_of: own[0]!["id"],
        key: null,
        requested: "g",
        group: "shadow",
        deployment: "b/m",
        status: 200,
        error: null,
        attempts: 1,
        output: 9,
      },
    ])
    expect(copies[0]!["ttft"]).toBeNumber()
    expect(copy.requests[0]!.json).toMatchObject({ user: "me", model: "m" })
    // The mirror's own mirror is not asked.
    expect(router.runtime.context.mirrors.size).toBe(0)
    expect(copy.count()).toBe(1)
  })

  test("is translated for an upstream of another protocol", async () => {
    const upstream = await use(startUpstream({ script: "role|tok:2|done" }))
    const { router } = await mirrored("ok", {
      more: {
        providers: {
          a: { type: "openai-compatible", baseUrl: upstream.url },
          b: { type: "anthropic", baseUrl: upstream.url, keys: ["sk-x"] },
        },
        groups: {
          g: { models: ["a/m"], mirror: { group: "shadow" } },
          shadow: ["b/claude-sonnet-4-5"],
        },
      },
    })
    const { memory } = router.runtime.context
    const followed: (string | null)[] = []
    const follow = (caller: string | null) => {
      followed.push(caller)
      return memory.follow(caller)
    }
    Object.assign(router.runtime.context, { memory: { ...memory, follow } })
    await (await router.post("/v1/chat/completions", STREAM)).text()
    await upstream.waitFor(({ requests }) => requests.length === 2)
    await idle(router)
    // Nothing is remembered for the caller of what it never saw.
    expect(followed).toEqual([])
    expect((await rowsOf(router)).copies).toMatchObject([{ status: 200, error: null, output: 2 }])
  })

  const FAILURES: Record<string, [Behaviour, string]> = {
    "an error": ["status:500", "upstream-error"],
    "a limit": ["status:429;ra=9", "upstream-rate-limited"],
    "a reset connection": ["rst", "upstream-unreachable"],
    "a stream that breaks off": ["role|tok:1|stall:100ms|cut", "upstream-truncated"],
    "an error inside a stream": ["role|tok:1|err:overloaded", "upstream-error"],
  }
  test.each(Object.keys(FAILURES))("is tried once, and %s of it is nobody's", async (name) => {
    const [script, error] = FAILURES[name]!
    const { router, caller, copy } = await mirrored(script)
    const response = await router.post("/v1/chat/completions", STREAM)
    expect(response.status).toBe(200)
    expect(await response.text()).toEndWith("data: [DONE]\n\n")
    await copy.waitFor(({ requests }) => requests.length === 1)
    await idle(router)
    const { own, copies } = await rowsOf(router)
    expect(own).toMatchObject([{ status: 200, error: null }])
    expect(copies).toMatchObject([{ error, attempts: 1 }])
    expect([caller.count(), copy.count()]).toEqual([1, 1])
  })

  test("does not hold up the caller when the mirror is silent for ever", async () => {
    const { router, copy } = await mirrored("stall")
    for (let n = 0; n < 3; n++) {
      const response = await router.post("/v1/chat/completions", ASK)
      expect(response.status).toBe(200)
      await response.text()
    }
    await copy.waitFor(({ requests }) => requests.length === 3)
    expect((await rowsOf(router)).own).toHaveLength(3)
  })

  test("is made when the caller's answer has begun, and not before", async () => {
    const { router, caller, copy } = await mirrored("ok", { own: "gate|ok" })
    const asked = router.post("/v1/chat/completions", ASK)
    await caller.waitFor(({ requests }) => requests.length === 1)
    expect(router.runtime.context.mirrors.size).toBe(0)
    expect(copy.count()).toBe(0)
    caller.requests[0]!.gate.open()
    await (await asked).text()
    await copy.waitFor(({ requests }) => requests.length === 1)
  })

  test("is made of as many requests as chance says", async () => {
    const { router, copy } = await mirrored("ok", { percent: 30 })
    let turn = 0
    Object.assign(router.runtime.context, { random: () => (turn++ % 100) / 100 })
    for (let n = 0; n < 100; n++) {
      await (await router.post("/v1/chat/completions", ASK)).text()
      await idle(router)
    }
    expect(turn).toBe(100)
    expect(copy.count()).toBe(30)
  })

  test("is not made of a request that was refused, or that is pinned", async () => {
    const { router, copy } = await mirrored("ok")
    await router.post("/v1/chat/completions", { ...ASK, model: "nobody" })
    await router.post("/v1/chat/completions", "{")
    await router.post("/v1/chat/completions", { ...ASK, model: "g$0" })
    await (await router.post("/v1/chat/completions", ASK)).text()
    await copy.waitFor(({ requests }) => requests.length === 1)
    await idle(router)
    expect(copy.count()).toBe(1)
  })

  test("is not made of a request that no upstream was asked", async () => {
    const { router, copy } = await mirrored("ok")
    const headers = { "x-llmrouter-region": "moon" }
    const response = await router.post("/v1/chat/completions", ASK, headers)
    expect(response.status).toBeGreaterThanOrEqual(400)
    await idle(router)
    expect(copy.count()).toBe(0)
    expect((await rowsOf(router)).copies).toEqual([])
  })

  test("is paid from the budget of its own provider", async () => {
    const caller = await use(startUpstream({ script: "ok" }))
    const { router } = await mirrored("ok", {
      more: {
        providers: {
          a: { type: "openai-compatible", baseUrl: caller.url },
          b: { type: "openai-compatible", baseUrl: caller.url, budget: "$1/month" },
        },
        groups: {
          g: { models: ["a/m"], mirror: { group: "shadow" } },
          shadow: { models: [{ provider: "b", model: "m", price: { input: 2, output: 3 } }] },
        },
      },
    })
    await (await router.post("/v1/chat/completions", ASK)).text()
    await caller.waitFor(({ requests }) => requests[1]?.finished === true)
    await idle(router)
    const cost = Number((await rowsOf(router)).copies[0]!["cost"])
    expect(cost).toBeGreaterThan(0)
    const { spending, clock } = router.runtime.context
    const { provider } = router.runtime.snapshot.table.groups.get("shadow")!.deployments[0]!
    const usedUp = (more: number) => spending.usedUpUntil(provider, more, clock.now()) !== undefined
    expect([usedUp(1e9 - cost), usedUp(1e9 - cost + 1)]).toEqual([false, true])
  })

  test("stays where the caller's key has to stay", async () => {
    const caller = await use(startUpstream({ script: "ok" }))
    const { router, copy } = await mirrored("ok", {
      more: {
        auth: { keys: [{ name: "eu", key: "caller-key-0000001", region: "eu" }] },
        providers: {
          a: { type: "openai-compatible", baseUrl: caller.url, region: "eu" },
          b: { type: "openai-compatible", baseUrl: caller.url, region: "us" },
        },
        groups: { g: { models: ["a/m"], mirror: { group: "shadow" } }, shadow: ["b/m"] },
      },
    })
    const headers = { authorization: "Bearer caller-key-0000001" }
    const response = await router.post("/v1/chat/completions", ASK, headers)
    expect(response.status).toBe(200)
    await idle(router)
    expect([caller.count(), copy.count()]).toEqual([1, 0])
    expect((await rowsOf(router)).copies).toMatchObject([{ error: "unavailable", attempts: 0 }])
  })
})

test("a router that closes does not wait for its mirrors, and writes down that they were cut", async () => {
  const { router, copy } = await mirrored("role|tok:1|stall")
  await (await router.post("/v1/chat/completions", STREAM)).text()
  await until(() => copy.requests[0]?.tokens === 1)
  expect(router.runtime.context.mirrors.size).toBe(1)
  // Draining does not know of them.
  await router.listener.drain()
  await router.runtime.context.mirrors.close()
  await copy.waitFor(({ requests }) => requests[0]!.aborted)
  const { copies } = await rowsOf(router)
  expect(copies).toMatchObject([{ status: 499, error: "client-gone" }])
  const { health } = router.runtime.snapshot.table.groups.get("shadow")!.deployments[0]!
  expect([health.failures, health.traffic.inFlight]).toEqual([0, 0])
})

test("a program that is asked to end does so at once, whatever its mirrors wait for", async () => {
  const { path, close } = emptyFolder()
  await use({ close })
  const own = await use(startUpstream({ script: "ok" }))
  const copy = await use(startUpstream({ script: "role|tok:1|stall" }))
  const config = {
    providers: {
      a: { type: "openai-compatible", baseUrl: own.url },
      b: { type: "openai-compatible", baseUrl: copy.url },
    },
    groups: { g: { models: ["a/m"], mirror: { group: "shadow" } }, shadow: ["b/m"] },
    server: { drain: "60s" },
  }
  writeFileSync(join(path, "llmrouter.config.json"), JSON.stringify(config))
  const program = await use(serve(path))
  const response = await fetch(`${program.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(STREAM),
  })
  await response.text()
  await until(() => copy.requests[0]?.tokens === 1)
  program.kill("SIGTERM")
  expect(await program.exited).toBe(0)
  const db = new Database(join(path, ".llmrouter/llmrouter.db"), { readonly: true })
  const rows = db.query("SELECT status, mirror_of IS NULL AS own FROM usage ORDER BY own").all()
  db.close()
  expect(rows).toEqual([
    { status: 499, own: 0 },
    { status: 200, own: 1 },
  ])
})

describe("mirrors under way", () => {
  const never = (signal: EndSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true })
    })

  test("are sixteen at most", async () => {
    const mirrors = createMirrors(systemTimers)
    for (let n = 0; n < 40; n++) mirrors.begin(10, never)
    expect(mirrors.size).toBe(16)
    await mirrors.close()
    expect(mirrors.size).toBe(0)
  })

  test("hold 64 MB of requests at most", async () => {
    const mirrors = createMirrors(systemTimers)
    for (let n = 0; n < 10; n++) mirrors.begin(30_000_000, never)
    expect(mirrors.size).toBe(2)
    await mirrors.close()
    mirrors.begin(1, never)
    expect(mirrors.size).toBe(0)
  })

  test("are left to themselves when they do not end", async () => {
    const due: (() => void)[] = []
    const mirrors = createMirrors({
      after(_, run) {
        due.push(run)
        return () => {}
      },
    })
    mirrors.begin(1, () => new Promise(() => {}))
    due.shift()!()
    const closing = mirrors.close()
    due.at(-1)!()
    await closing
    expect(mirrors.size).toBe(1)
  })

  test("make room when they end, and end when they take too long", async () => {
    const due: [number, () => void][] = []
    const timers = {
      after(ms: number, run: () => void) {
        const entry: [number, () => void] = [ms, run]
        due.push(entry)
        return () => void due.splice(due.indexOf(entry) >>> 0, 1)
      },
    }
    const mirrors = createMirrors(timers)
    mirrors.begin(64 * 1024 * 1024, never)
    mirrors.begin(1, never)
    expect(mirrors.size).toBe(1)
    const [at, start] = due.shift()!
    expect(at).toBe(0)
    start()
    const [limit, expire] = due.shift()!
    expect(limit).toBe(300_000)
    expire()
    await until(() => mirrors.size === 0)
    mirrors.begin(1, never)
    expect(mirrors.size).toBe(1)
  })
})
