import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createServer } from "node:net"
import { upstreams } from "../matrix/upstreams.ts"
import { overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"
import { everywhere } from "../torture/support/everywhere.ts"

const path = "/v1/chat/completions"
const asking = (model: string, stream = false) => ({
  ...{ model, stream },
  messages: [{ role: "user", content: "hi" }],
})

/** Nobody's fault but the upstream's, whoever made them up. */
const RETRYABLE = [
  ...[204, 300, 301, 302, 303, 304, 307, 308, 408, 409, 425, 499],
  ...[500, 501, 502, 503, 504, 505, 507, 508, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530],
]
const FINAL = [400, 405, 406, 410, 411, 413, 414, 415, 417, 418, 421, 422, 426, 428, 431, 451]

let sick: Upstream
let good: Upstream
let router: Router

beforeAll(async () => {
  sick = await startUpstream()
  good = await startUpstream({ script: "ok" })
  const config = everywhere(sick.port)
  const { providers, groups } = config as { providers: object; groups: Record<string, string[]> }
  router = await startRouter({
    ...config,
    providers: { ...providers, good: { type: "openai-compatible", baseUrl: good.url } },
    groups: Object.fromEntries(
      Object.entries(groups).map(([name, models]) => [name, [...models, "good/ok"]]),
    ),
  })
})
afterAll(() => Promise.all([router.close(), sick.close(), good.close()]))

describe.each(upstreams.map(({ id }) => id))("%s", (id) => {
  for (const stream of [false, true]) {
    test(`leads on after a status that is its own trouble, streaming ${stream}`, async () => {
      sick.reset()
      for (const [n, status] of RETRYABLE.entries()) {
        sick.script(() => ({ status, body: "" }))
        const answer = await router.post(path, asking(id, stream))
        const text = await answer.text()
        expect([status, answer.status, answer.headers.get("x-llmrouter-deployment")]).toEqual([
          status,
          200,
          "good/ok",
        ])
        expect(sick.count()).toBe(n + 1)
        expect(text).toContain(stream ? "[DONE]" : "chat.completion")
      }
    })
  }

  test("gives the caller the status of a request that is at fault, and asks nobody else", async () => {
    const before = good.count()
    for (const status of FINAL) {
      sick.script(() => ({ status, body: "" }))
      const answer = await router.post(path, asking(id))
      await answer.text()
      expect(answer.status).toBe(status)
    }
    expect(good.count()).toBe(before)
  })
})

test("no caller is told that it has left", async () => {
  sick.script("status:499")
  const alone = await startRouter({ ...everywhere(sick.port) })
  for (const { id } of upstreams) {
    expect((await alone.post(path, asking(id))).status).toBe(502)
  }
  await alone.close()
})

test("hints before the answer are not the answer", async () => {
  const body = JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content: "late" }, finish_reason: "stop" }],
  })
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n")
      socket.write("HTTP/1.1 102 Processing\r\n\r\n")
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const alone = await startRouter(overUpstreams([{ url: `http://127.0.0.1:${port}/v1` }]))
  const answer = await alone.post(path, asking("g"))
  expect([answer.status, await answer.text()]).toEqual([200, body])
  await alone.close()
  server.close()
})
