import { heapStats } from "bun:jsc"
import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { type CallerId, hear, openChain } from "./continuation-bench.ts"

const use = closing()

/** Bytes of each request, and the streams that are under way together. */
const SIZE = 1_000_000
const STREAMS = 12

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`

/** How the upstream's answer begins, by the protocol that it speaks. */
const BEGINNINGS = {
  chat: event({ id: "c", choices: [{ index: 0, delta: { content: "Hello" } }] }),
  messages: [
    { type: "message_start", message: { id: "m", usage: { input_tokens: 9, output_tokens: 0 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  ]
    .map((data) => `event: ${data.type}\n${event(data)}`)
    .join(""),
  gemini: event({ candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] } }] }),
}

type Spoken = keyof typeof BEGINNINGS

const TYPES: Readonly<Record<Spoken, string>> = {
  chat: "openai-compatible",
  messages: "anthropic",
  gemini: "gemini",
}

/** An upstream that keeps nothing of requests, begins to answer when it has all of one, and says no more. */
async function patient(spoken: Spoken): Promise<string> {
  const server = Bun.listen<{ left: number }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { left: -1 }
      },
      data(socket, bytes) {
        if (socket.data.left < 0) {
          const end = bytes.indexOf("\r\n\r\n") + 4
          const head = bytes.toString("latin1", 0, end)
          socket.data.left = Number(/content-length: (\d+)/i.exec(head)?.[1]) + end
        }
        socket.data.left -= bytes.length
        if (socket.data.left > 0) return
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${BEGINNINGS[spoken]}`,
        )
      },
    },
  })
  await use({ close: () => server.stop(true) })
  return `http://127.0.0.1:${server.port}/v1`
}

const TEXT = "All work and no play makes Jack a dull boy. ".repeat(Math.ceil(SIZE / 44))

/** Requests of that size, made anew each time. */
const REQUESTS: Readonly<Record<CallerId, () => [path: string, body: object]>> = {
  chat: () => ["/v1/chat/completions", { model: "g", stream: true, messages: messages() }],
  messages: () => [
    "/v1/messages",
    { model: "g", stream: true, max_tokens: 64, messages: messages() },
  ],
  gemini: () => [
    "/v1beta/models/g:streamGenerateContent?alt=sse",
    { contents: [{ role: "user", parts: [{ text: TEXT }] }] },
  ],
  responses: () => ["/v1/responses", { model: "g", stream: true, store: false, input: TEXT }],
}

const messages = () => [{ role: "user", content: TEXT }]

/** Sends a request, of which this side keeps nothing. Resolves when its answer has begun. */
async function begin(port: number, caller: CallerId) {
  const [path, body] = REQUESTS[caller]()
  const json = JSON.stringify(body)
  let rest: Buffer | undefined = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
  )
  let heard = ""
  const write = (socket: { write(bytes: Uint8Array): number }) => {
    if (!rest) return
    rest = rest.subarray(Math.max(0, socket.write(rest)))
    if (rest.length === 0) rest = undefined
  }
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: write,
      drain: write,
      data: (_, bytes) => {
        heard += bytes.toString("latin1")
      },
    },
  })
  await use({ close: () => socket.terminate() })
  await until(() => heard.includes("Hello"))
}

function held(): number {
  Bun.gc(true)
  return heapStats().heapSize
}

describe("a stream under way does not hold its request", () => {
  test.each([
    ["chat", "chat"],
    ["messages", "messages"],
    ["gemini", "gemini"],
    ["messages", "chat"],
    ["gemini", "chat"],
    ["responses", "chat"],
    ["chat", "messages"],
  ] as const)("of %s, over an upstream of %s", async (caller, spoken) => {
    const provider = { type: TYPES[spoken], baseUrl: await patient(spoken), keys: ["sk-upstream"] }
    const router = await use(startRouter({ providers: { u: provider }, groups: { g: ["u/m"] } }))
    const port = Number(new URL(router.url).port)
    // What is made once is not counted.
    await begin(port, caller)
    const before = held()
    for (let i = 0; i < STREAMS; i++) await begin(port, caller)
    expect(held() - before).toBeLessThan((STREAMS * SIZE) / 2)
  })
})

describe("a large request is still there for whoever needs it", () => {
  const [path, body] = REQUESTS.chat()

  test("when its client leaves: its tokens are guessed", async () => {
    const router = await use(startRouter(overUpstreams([{ url: await patient("chat") }])))
    const client = new AbortController()
    const response = await fetch(router.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: client.signal,
    })
    await response.body!.getReader().read()
    client.abort()
    await until(async () => (await router.rows()).length === 1)
    const [row] = await router.rows()
    expect(row).toMatchObject({ status: 499, usage: "estimated" })
    expect(row!["input"]).toBeGreaterThan(SIZE / 5)
  })

  test("when another upstream goes on with the answer", async () => {
    const { router, chain } = await openChain(use, [
      ["openai-chat", "role|tok:5|cut"],
      ["anthropic-messages", "say: and that is all."],
    ])
    const response = await router.post(path, body)
    const heard = hear("chat", await response.text())
    expect(heard).toMatchObject({ whole: true, error: false })
    expect(heard.text).toEndWith(" and that is all.")
    expect(Buffer.from(chain[1]!.requests[0]!.body).includes(TEXT)).toBe(true)
  })

  test("when a copy of it goes to a mirror", async () => {
    const caller = await use(startUpstream({ script: "ok" }))
    const copy = await use(startUpstream({ script: "ok" }))
    const router = await use(
      startRouter({
        providers: {
          a: { type: "openai-compatible", baseUrl: caller.url },
          b: { type: "openai-compatible", baseUrl: copy.url },
        },
        groups: {
          g: { models: ["a/m"], mirror: { group: "shadow" } },
          shadow: { models: ["b/m"] },
        },
      }),
    )
    await (await router.post(path, body)).text()
    await copy.waitFor(({ requests }) => requests[0]?.finished === true)
    expect(copy.requests[0]!.body.length).toBe(caller.requests[0]!.body.length)
  })

  test("when its first upstream is slow and a second is asked", async () => {
    const slow = await use(startUpstream({ script: "slow:300ms|ok" }))
    const second = await use(startUpstream({ script: "ok" }))
    const base = overUpstreams([{ url: slow.url }, { url: second.url }])
    const router = await use(
      startRouter({ ...base, groups: { g: { models: ["u0/ok", "u1/ok"], hedge: "50ms" } } }),
    )
    const heard = hear("chat", await (await router.post(path, body)).text())
    expect(heard).toMatchObject({ whole: true, error: false })
    const [row] = await router.rows()
    expect(row).toMatchObject({ status: 200, attempts: 2, deployment: "u1/ok" })
    expect(second.requests[0]!.body.length).toBe(slow.requests[0]!.body.length)
  })
})
