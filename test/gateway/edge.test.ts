import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...ASK, stream: true }
const FAST = { retries: { attempts: 0, backoff: "5ms" } }
const health = ({ runtime }: Router, index = 0) =>
  runtime.snapshot.table.groups.get("g")!.deployments[index]!.health

/** A server that answers with bytes of the test's choosing. */
async function raw(answer: (body: string) => (string | Uint8Array | number)[]) {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      async data(socket, data) {
        for (const part of answer(data.toString())) {
          if (typeof part === "number") await Bun.sleep(part)
          else socket.write(part)
        }
        socket.end()
      },
    },
  })
  await use({ close: () => server.stop(true) })
  return { url: `http://127.0.0.1:${server.port}/v1` }
}

const head = (status: number, headers: string) => `HTTP/1.1 ${status} X\r\n${headers}\r\n\r\n`

describe("an error whose body breaks off", () => {
  test("is taken by its status: the next deployment answers", async () => {
    const broken = await raw(() => [head(503, "content-length: 500"), '{"error":'])
    const good = await use(startUpstream({ script: "ok" }))
    const { post } = await use(startRouter(overUpstreams([broken, good], FAST)))
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(200)
    expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
  })

  test("keeps its Retry-After", async () => {
    const broken = await raw(() => [head(429, "retry-after: 9\r\ncontent-length: 500"), "{"])
    const { post } = await use(startRouter(overUpstreams([broken], FAST)))
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(429)
    expect(response.headers.get("retry-after")).toBe("9")
  })
})

describe("binary answers", () => {
  const SPEECH = { model: "g", input: "hi", voice: "alloy" }

  test.each([
    ["an empty body", [head(200, "content-type: audio/wav\r\ncontent-length: 0")]],
    ["a body that never comes", [head(200, "content-type: audio/wav\r\ncontent-length: 99")]],
  ])("with %s go to the next deployment", async (_name, parts) => {
    const empty = await raw(() => parts)
    const good = await raw(() => [
      head(200, "content-type: audio/wav\r\ncontent-length: 4"),
      "RIFF",
    ])
    const { post } = await use(startRouter(overUpstreams([empty, good], FAST)))
    const response = await post("/v1/audio/speech", SPEECH)
    expect(response.headers.get("content-type")).toBe("audio/wav")
    expect(await response.text()).toBe("RIFF")
  })

  test("that break off are not ended as if they were whole", async () => {
    const cut = await raw(() => [
      head(200, "content-type: audio/wav\r\ncontent-length: 99"),
      "RIFF",
      50,
    ])
    const { post, rows } = await use(startRouter(overUpstreams([cut], FAST)))
    const response = await post("/v1/audio/speech", SPEECH)
    const outcome = await response.bytes().then(
      () => "ended",
      () => "broken",
    )
    expect(outcome).toBe("broken")
    expect(await rows()).toMatchObject([{ error: "upstream-truncated" }])
  })
})

test("a slow reader is no stalled upstream", async () => {
  const event = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const block = Buffer.from(event({ content: "x".repeat(256 * 1024) }, null))
  let left = 128
  const large = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if (left-- > 0) return controller.enqueue(block)
            controller.enqueue(Buffer.from(`${event({}, "stop")}data: [DONE]\n\n`))
            controller.close()
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
  })
  await use({ close: () => large.stop(true) })
  const url = `http://127.0.0.1:${large.port}/v1`
  const router = await use(
    startRouter(overUpstreams([{ url, timeouts: { stall: "300ms" } }], FAST)),
  )
  const response = await router.post("/v1/chat/completions", STREAM)
  const reader = response.body!.getReader()
  await reader.read()
  const since = performance.now()
  await until(() => performance.now() - since > 900)
  expect(left).toBeGreaterThan(0)
  let tail = ""
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    tail = (tail + Buffer.from(part.value).toString("latin1")).slice(-100)
  }
  expect(tail).toEndWith("data: [DONE]\n\n")
  expect(health(router).failures).toBe(0)
})

test("a key is probed with the headers that its requests carry", async () => {
  let accepted = false
  const upstream = await use(
    startUpstream({
      script: (request) =>
        accepted && request.headers["x-tenant"] === "red" ? "ok" : "status:401",
    }),
  )
  const router = await use(
    startRouter({
      providers: {
        u: {
          type: "openai-compatible",
          baseUrl: upstream.url,
          keys: ["key-of-red-tenant"],
          headers: { "x-tenant": "red" },
        },
      },
      groups: { g: ["u/ok"] },
      cooldown: { auth: "30ms", authMax: "30ms" },
    }),
  )
  expect((await router.post("/v1/chat/completions", ASK)).status).toBe(401)
  accepted = true
  await until(
    () => router.runtime.snapshot.table.groups.get("g")!.channels[0]!.health.reason === undefined,
  )
  expect((await router.post("/v1/chat/completions", ASK)).status).toBe(200)
})

test("a key that may not list models is tried with a real request when its pause is over", async () => {
  let accepted = false
  const upstream = await use(
    startUpstream({
      script: ({ method }) => (accepted && method === "POST" ? "ok" : "status:403"),
    }),
  )
  const router = await use(
    startRouter(
      overUpstreams([{ url: upstream.url, keys: ["key-restricted-1"] }], {
        cooldown: { auth: "30ms", authMax: "30ms" },
      }),
    ),
  )
  expect((await router.post("/v1/chat/completions", ASK)).status).toBe(403)
  accepted = true
  await until(async () => (await router.post("/v1/chat/completions", ASK)).status === 200)
})

test("with several choices, one that has no finish reason makes the stream a broken one", async () => {
  const chunk = (index: number, finish: string | null) =>
    `data: {"choices":[{"index":${index},"delta":{"content":"x"},"finish_reason":${JSON.stringify(finish)}}]}\\n\\n`
  const upstream = await use(
    startUpstream({ script: `hdr|raw:${chunk(0, null)}${chunk(1, null)}${chunk(0, "stop")}` }),
  )
  const { post } = await use(startRouter(overUpstreams([upstream], FAST)))
  const text = await (await post("/v1/chat/completions", { ...STREAM, n: 2 })).text()
  expect(text).not.toContain("[DONE]")
  expect(text).toContain("upstream_truncated")
})

test("a reset on a fresh connection is one attempt, not two", async () => {
  let seen = 0
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        seen++
        socket.terminate()
      },
    },
  })
  await use({ close: () => server.stop(true) })
  const url = `http://127.0.0.1:${server.port}/v1`
  const { post } = await use(startRouter(overUpstreams([{ url }], FAST)))
  expect((await post("/v1/chat/completions", ASK)).status).toBe(502)
  expect(seen).toBe(1)
})

test("a small compressed answer may not become a large one", async () => {
  const packed = Bun.gzipSync(Buffer.from(`{"choices":[],"x":"${"x".repeat(4_000_000)}"}`))
  const bomb = await raw(() => [
    head(
      200,
      `content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}`,
    ),
    packed,
    20,
  ])
  const { post } = await use(
    startRouter(overUpstreams([bomb], { ...FAST, limits: { response: "1mb" } })),
  )
  const response = await post("/v1/chat/completions", ASK)
  expect(response.status).toBe(502)
  expect(await response.text()).toContain("limits.response")
})

test("a translated stream without an end does not fill the memory", async () => {
  const up = await use(startUpstream({ script: "role|tok:3000|done" }))
  const config = overUpstreams([up], { ...FAST, limits: { response: "10kb" } })
  const { post, rows } = await use(startRouter(config))
  const ask = async (path: string) =>
    (await post(path, { ...ASK, max_tokens: 9999, stream: true })).text()
  const translated = await ask("/v1/messages")
  expect(translated).toContain("event: error")
  expect(translated).toContain("limits.response")
  expect(await ask("/v1/chat/completions")).toEndWith("data: [DONE]\n\n")
  expect((await rows()).map(({ error }) => error)).toEqual(["upstream-invalid", null])
})

test("a whole answer may begin with a mark of byte order, in every protocol", async () => {
  const answer = { choices: [{ message: { role: "assistant", content: "hello" } }] }
  const up = await use(
    startUpstream({ script: () => ({ body: `\ufeff${JSON.stringify(answer)}` }) }),
  )
  const { post } = await use(startRouter(overUpstreams([up], FAST)))
  for (const stream of [false, true]) {
    for (const path of ["/v1/chat/completions", "/v1/messages"]) {
      const response = await post(path, { ...ASK, max_tokens: 99, stream })
      expect([path, stream, response.status]).toEqual([path, stream, 200])
      expect(await response.text()).toContain("hello")
    }
  }
})

test("a 200 without an answer in it goes to the next deployment", async () => {
  const odd = await use(startUpstream({ script: 'json:{"code":1301,"msg":"busy"}' }))
  const good = await use(startUpstream({ script: "ok" }))
  const { post } = await use(startRouter(overUpstreams([odd, good], FAST)))
  const response = await post("/v1/chat/completions", ASK)
  expect(response.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
})

test("a model that no upstream has stays a 404, also while its channels rest", async () => {
  const upstream = await use(startUpstream({ script: "status:404;code=model_not_found" }))
  const { post } = await use(startRouter(overUpstreams([upstream], FAST)))
  for (let i = 0; i < 3; i++) {
    const response = await post("/v1/chat/completions", ASK)
    expect(response.status).toBe(404)
    expect(response.headers.get("retry-after")).toBeNull()
  }
  expect(upstream.count()).toBe(1)
})

test("a corrected address is tried at once, whatever was learned of the old one", async () => {
  const dead = await use(startUpstream({ script: "status:500" }))
  const good = await use(startUpstream({ script: "ok" }))
  const breaker = { breaker: { failures: 1 } }
  const router = await use(startRouter(overUpstreams([dead], { ...FAST, ...breaker })))
  expect((await router.post("/v1/chat/completions", ASK)).status).toBe(500)
  router.configure(overUpstreams([good], { ...FAST, ...breaker }))
  await router.runtime.reload()
  expect((await router.post("/v1/chat/completions", ASK)).status).toBe(200)
})

describe("connections to the upstream", () => {
  test("are used again after a stream has ended by itself", async () => {
    const upstream = await use(startUpstream({ script: "role|tok:3|done" }))
    const { post } = await use(startRouter(overUpstreams([upstream])))
    for (let i = 0; i < 30; i++) await (await post("/v1/chat/completions", STREAM)).text()
    expect(upstream.connections.accepted).toBeLessThanOrEqual(5)
  })

  test("are opened once to find out whether a host is there, not once a request", async () => {
    const upstream = await use(startUpstream({ script: "slow:50ms" }))
    const { post } = await use(startRouter(overUpstreams([upstream])))
    await Promise.all(Array.from({ length: 30 }, () => post("/v1/chat/completions", ASK)))
    expect(upstream.connections.accepted).toBeLessThanOrEqual(32)
  })
})

test("a stream of nothing but comments is given up before it fills the memory", async () => {
  let sent = 0
  const flood = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536
            controller.enqueue(Buffer.from(`: ${"x".repeat(65_530)}\n\n`))
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
  })
  await use({ close: () => flood.stop(true) })
  const url = `http://127.0.0.1:${flood.port}/v1`
  const { post } = await use(startRouter(overUpstreams([{ url }], FAST)))
  expect((await post("/v1/chat/completions", STREAM)).status).toBe(502)
  expect(sent).toBeLessThan(16 * 1024 * 1024)
})

test("names that callers make up are refused when they are long, and forgotten when there are many", async () => {
  const upstream = await use(startUpstream({ script: "status:404" }))
  const router = await use(startRouter(overUpstreams([upstream], FAST)))
  const long = await router.post("/v1/chat/completions", {
    ...ASK,
    model: `u0/${"x".repeat(1000)}`,
  })
  expect(long.status).toBe(404)
  expect(upstream.count()).toBe(0)
  const direct = (model: string) => router.runtime.snapshot.table.direct("u0", model)!
  const first = direct("made-up-0")
  for (let i = 1; i < 1200; i++) direct(`made-up-${i}`)
  const again = direct("made-up-0")
  expect(again.channels[0]!.health.id).toBe(first.channels[0]!.health.id)
  expect(again.channels[0]!.health).not.toBe(first.channels[0]!.health)
  expect(direct("made-up-1199")).toBe(direct("made-up-1199"))
})
