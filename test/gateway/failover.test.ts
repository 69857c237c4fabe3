import { afterEach, describe, expect, test } from "bun:test"
import { type ConfigFile, overUpstreams, type Router, startRouter } from "../support/router.ts"
import { closedPort, startUpstream, type Upstream } from "../support/upstream/index.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function upstream(script?: string): Promise<Upstream> {
  const started = await startUpstream(script === undefined ? {} : { script })
  open.push(started)
  return started
}

async function router(config: ConfigFile): Promise<Router> {
  const started = await startRouter(config)
  open.push(started)
  return started
}

const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }
const FAST = { retries: { attempts: 3, backoff: "5ms", maxBackoff: "20ms" } }

/** A provider whose patience is short; a healthy one keeps the defaults, however slow the machine. */
const hasty = ({ url }: { url: string }) => ({
  url,
  timeouts: { connect: "300ms", firstByte: "200ms", stall: "200ms", response: "200ms" },
})

const FAILURES: Record<string, string> = {
  "500": "status:500",
  "502 with a web page": "status:502|html",
  "503": "status:503",
  "529": "status:529",
  "404 of the model": "status:404",
  "429": "status:429;ra=30",
  "401": "status:401",
  "403": "status:403",
  "a reset connection": "rst",
  silence: "stall",
  "a web page with 200": "html",
  "an empty 200": "empty",
  "an error inside a 200": 'json:{"error":{"message":"overloaded","code":503}}',
  "JSON that is no object": "json:null",
}

describe("before anything reached the caller, the next deployment answers after", () => {
  for (const [name, script] of Object.entries(FAILURES)) {
    for (const body of [ASK, STREAM]) {
      test(`${name}, ${"stream" in body ? "streaming" : "whole"}`, async () => {
        const bad = await upstream(script)
        const good = await upstream("ok")
        const { post, rows } = await router(overUpstreams([hasty(bad), good], FAST))
        const response = await post("/v1/chat/completions", body)
        expect(response.status).toBe(200)
        expect(await response.text()).toContain("stream" in body ? "[DONE]" : "chat.completion")
        expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
        expect(bad.count()).toBeGreaterThanOrEqual(1)
        expect(good.count()).toBe(1)
        expect(await rows()).toMatchObject([{ status: 200, deployment: "u1/ok", attempts: 2 }])
      })
    }
  }

  const STREAM_FAILURES: Record<string, string> = {
    "a stream that is cut before content": "hdr|role|cut",
    "a stream that is reset before content": "hdr|role|rst",
    "a stream that ends before content": "hdr|role|fin",
    "a stream of a role and [DONE]": "hdr|role|raw:data: [DONE]\\n\\n",
    "an error event before content": "hdr|role|err:overloaded",
    "junk before content": "hdr|junk",
    "a stall after the role": "hdr|role|stall",
    "a stall behind keepalives": "ping:50ms|hdr|role|stall",
  }
  for (const [name, script] of Object.entries(STREAM_FAILURES)) {
    test(name, async () => {
      const bad = await upstream(script)
      const good = await upstream("ok")
      const { post } = await router(overUpstreams([hasty(bad), good], FAST))
      const response = await post("/v1/chat/completions", STREAM)
      const text = await response.text()
      expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
      expect(text).toEndWith("data: [DONE]\n\n")
      expect(text.match(/"role":"assistant"/g)).toHaveLength(1)
    })
  }

  test("a refused connection", async () => {
    const good = await upstream("ok")
    const dead = { url: `http://127.0.0.1:${await closedPort()}/v1` }
    const { post } = await router(overUpstreams([dead, good], FAST))
    expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
  })

  test("a host name that does not resolve", async () => {
    const good = await upstream("ok")
    const nowhere = { url: "http://nowhere.invalid/v1" }
    const { post } = await router(overUpstreams([nowhere, good], FAST))
    expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
  })
})

describe("a client's fault", () => {
  test.each([400, 413, 422])("%d comes back as it is, after one attempt", async (status) => {
    const bad = await upstream(`status:${status};code=bad_thing;message=not like this`)
    const good = await upstream("ok")
    const { post, runtime } = await router(overUpstreams([bad, good], FAST))
    const direct = await fetch(`${bad.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ASK),
    })
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(await direct.text())
    expect(bad.count()).toBe(2)
    expect(good.count()).toBe(0)
    expect(runtime.snapshot.table.groups.get("g")!.deployments[0]!.health.failures).toBe(0)
  })
})

describe("keys", () => {
  test("the next key of the same deployment is taken after 401, 403 and 429", async () => {
    for (const status of [401, 403, 429]) {
      const up = await startUpstream({
        script: (request) => (request.key === "key-good-3" ? "ok" : `status:${status}`),
      })
      open.push(up)
      const keys = ["key-bad-1", "key-bad-2", "key-good-3"]
      const { post } = await router(overUpstreams([{ url: up.url, keys }], FAST))
      for (let i = 0; i < 6; i++) {
        expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
      }
      const used = up.requests.filter(({ method }) => method === "POST").map(({ key }) => key)
      expect(used.filter((key) => key !== "key-good-3").length).toBeLessThanOrEqual(2)
    }
  })

  test("a rejected key is used again once a free probe accepts it", async () => {
    let accepted = false
    const up = await startUpstream({
      script: (request) => (accepted || request.key !== "key-sick" ? "ok" : "status:401"),
    })
    open.push(up)
    const { post, runtime } = await router(
      overUpstreams([{ url: up.url, keys: ["key-sick"] }], {
        ...FAST,
        cooldown: { auth: "50ms", authMax: "50ms" },
      }),
    )
    const refused = await post("/v1/chat/completions", ASK)
    expect(refused.status).toBe(401)
    expect(refused.headers.get("x-should-retry")).toBe("false")
    expect((await post("/v1/chat/completions", ASK)).status).toBe(401)
    accepted = true
    const [channel] = runtime.snapshot.table.groups.get("g")!.channels
    await up.waitFor(({ requests }) => requests.some(({ path }) => path.endsWith("/models")))
    await until(() => channel!.health.reason === undefined)
    expect((await post("/v1/chat/completions", ASK)).status).toBe(200)
    expect(up.requests.filter(({ method }) => method === "POST")).toHaveLength(2)
  })
})

describe("when nothing is left", () => {
  test("the last upstream's status, message and Retry-After come back", async () => {
    const limited = await upstream("status:429;ra=7;message=slow down")
    const { post } = await router(overUpstreams([limited], FAST))
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(429)
    expect(response.headers.get("retry-after")).toBe("7")
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain(
      "slow down",
    )
    const second = await post("/v1/chat/completions", ASK)
    expect(second.status).toBe(429)
    expect(Number(second.headers.get("retry-after"))).toBeWithin(1, 8)
    expect(limited.count()).toBe(1)
  })

  test("an outage is not amplified: one attempt for each request, and three at once", async () => {
    let now = 0
    let most = 0
    let held = Promise.resolve()
    const dead = Bun.serve({
      port: 0,
      async fetch() {
        most = Math.max(most, ++now)
        await held
        now--
        return new Response("{}", { status: 500 })
      },
    })
    open.push({ close: () => dead.stop(true) })
    const url = `http://127.0.0.1:${dead.port}/v1`
    const only = { ...FAST, retries: { attempts: 0 }, breaker: { failures: 1 } }
    const { post, rows } = await router(overUpstreams([{ url }], only))
    expect((await post("/v1/chat/completions", ASK)).status).toBe(500)
    most = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    let refusals = 0
    const asking = Array.from({ length: 12 }, async () => {
      const answer = await post("/v1/chat/completions", ASK)
      if (answer.status === 503) refusals++
      return answer
    })
    await until(() => refusals + now === 12)
    expect(most).toBe(3)
    resolve()
    const answers = await Promise.all(asking)
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused).toHaveLength(9)
    for (const { headers } of refused) {
      expect(Number(headers.get("retry-after"))).toBeWithin(1, 31)
    }
    const attempts = (await rows()).map(({ attempts }) => Number(attempts))
    expect(attempts.reduce((sum, each) => sum + each)).toBe(4)
  })

  test("a provider without a key says which variable is missing", async () => {
    const { post } = await router({
      providers: { azure: { type: "azure", resource: "r", keys: ["${NO_SUCH_KEY}"] } },
      groups: { g: ["azure/gpt"] },
    })
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(503)
    expect(await response.text()).toContain("NO_SUCH_KEY")
  })
})

test("three misbehaving upstreams and a healthy one: 1,000 requests, all answered, few attempts", async () => {
  const moods = [
    "status:429;ra=1",
    "status:500",
    "hdr|role|cut",
    "stall",
    "slow:30ms|status:503",
    "rst",
  ]
  const bad = await Promise.all(
    [0, 1, 2].map(async (offset) => {
      const started = await startUpstream({
        script: (_request, index) => moods[(offset * 2 + Math.floor(index / 7)) % moods.length],
      })
      open.push(started)
      return started
    }),
  )
  const good = await upstream("ok")
  const { post } = await router({
    ...overUpstreams([...bad.map(hasty), good], FAST),
    groups: {
      g: { strategy: "round-robin", models: ["u0/ok", "u1/ok", "u2/ok", "u3/ok"] },
    },
  })
  let failed = 0
  let sent = 0
  const worker = async () => {
    while (sent < 1000) {
      const body = sent++ % 2 === 0 ? ASK : STREAM
      const response = await post("/v1/chat/completions", body)
      const text = await response.text()
      const whole = text.includes(body === STREAM ? "[DONE]" : "chat.completion")
      if (response.status !== 200 || !whole || text.includes('"error"')) failed++
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  const attempts = [...bad, good].reduce((sum, { requests }) => sum + requests.length, 0)
  expect(failed).toBe(0)
  expect(attempts / sent).toBeLessThanOrEqual(1.2)
}, 60_000)

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > limit) throw new Error("it did not come true within 5 s")
    await Bun.sleep(5)
  }
}
