import { heapStats } from "bun:jsc"
import { describe, expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { upstreams } from "../matrix/upstreams.ts"
import {
  CALLER_IDS,
  CALLERS,
  type CallerId,
  hear,
  listen,
  openChain,
} from "./continuation-bench.ts"

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
  transcript: event({ type: "transcript.text.delta", delta: "Hello" }),
}

const TYPES = {
  chat: "openai-compatible",
  messages: "anthropic",
  gemini: "gemini",
}

/** An upstream that keeps nothing of requests, begins to answer when it has all of one, and says no more. */
async function patient(spoken: keyof typeof BEGINNINGS): Promise<string> {
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

/** What makes a request of that size of each caller's. */
const LARGE: Readonly<Record<CallerId, object>> = {
  chat: { messages: [{ role: "user", content: TEXT }] },
  messages: { messages: [{ role: "user", content: TEXT }] },
  gemini: { contents: [{ role: "user", parts: [{ text: TEXT }] }] },
  responses: { input: TEXT, store: false },
}

/** The same as it is sent. */
const wireOf = (caller: CallerId) => {
  const [path, body] = CALLERS[caller]
  return wire(path, "application/json", JSON.stringify({ ...body, ...LARGE[caller] }))
}

const wire = (path: string, type: string, body: string) =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )

/** Sends a request, of which this side keeps nothing. Resolves when its answer has begun. */
async function begin(port: number, make: () => Buffer): Promise<void> {
  let rest: Buffer | undefined = make()
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

/** What requests that are made in this way hold while their streams are under way. */
async function growth(provider: object, make: () => Buffer): Promise<number> {
  const router = await use(startRouter({ providers: { u: provider }, groups: { g: ["u/m"] } }))
  const port = Number(new URL(router.url).port)
  // What is made once is not counted.
  await begin(port, make)
  const before = held()
  for (let i = 0; i < STREAMS; i++) await begin(port, make)
  return held() - before
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
    expect(await growth(provider, () => wireOf(caller))).toBeLessThan((STREAMS * SIZE) / 2)
  })

  test("of a recording that is written down", async () => {
    const field = (name: string, value: string) =>
      `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const form = () =>
      `${field("model", "g")}${field("stream", "true")}${field("file", TEXT)}--x--\r\n`
    const make = () => wire("/v1/audio/transcriptions", "multipart/form-data; boundary=x", form())
    const provider = { type: "openai-compatible", baseUrl: await patient("transcript") }
    expect(await growth(provider, make)).toBeLessThan((STREAMS * SIZE) / 2)
  })
})

/** What is the same in the answers to two requests that are alike. */
const alike = (raw: string) =>
  raw.replace(/[0-9a-f]{20,}/gi, "id").replace(/"(created\w*|completed_at)":\d+/g, '"$1":0')

/** Every sort of content, of which the first is read before the others are there. */
const SCRIPT = "use:;input=50;output=9|role|think:2|tok:3|gate|tok:2|tool:2|usage|done"

describe.each(CALLER_IDS)(
  "the answer to a large request of %s is that to a small one",
  (caller) => {
    test.each(upstreams.map(({ id }) => id))("over %s", async (id) => {
      const { router, chain } = await openChain(use, [[id, SCRIPT]], {
        group: { continuation: false },
      })
      const answerTo = async (more: object) => {
        chain[0]!.reset()
        chain[0]!.script(() => SCRIPT)
        const open = () => chain[0]!.requests[0]!.gate.open()
        const heard = await listen(router, caller, [["rld", open]], more)
        expect(heard).toMatchObject({ whole: true, error: false })
        return alike(heard.raw)
      }
      const small = await answerTo(caller === "responses" ? { store: false } : {})
      expect(await answerTo(LARGE[caller])).toBe(small)
    })
  },
)

describe("a large request is still there for whoever needs it", () => {
  const [path] = CALLERS.chat
  const body = { ...CALLERS.chat[1], ...LARGE.chat }

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
