import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { type Script, startUpstream } from "../support/upstream/index.ts"

const use = closing()
const path = "/v1/chat/completions"
const CHAT = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...CHAT, stream: true, stream_options: { include_usage: true } }
const SSE = { "content-type": "text/event-stream" }

async function over(script: Script | string) {
  const upstream = await use(startUpstream({ script }))
  const router = await use(startRouter(overUpstreams([{ url: upstream.url }], { retries: 0 })))
  return { upstream, router }
}

/** An answer sent in exactly these pieces. */
function inPieces(pieces: readonly Uint8Array[]): Script {
  return () => ({
    headers: SSE,
    body: (async function* () {
      for (const piece of pieces) {
        yield piece
        await new Promise(setImmediate)
      }
    })(),
  })
}

const delta = (content: string, finish: string | null = null) =>
  JSON.stringify({
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: finish }],
  })
const TEXT = "é你👩‍👩‍👧🏽"
const event = (text: string) => `data: ${text}\n\n`
const WHOLE = `${event(delta(TEXT))}${event(delta("", "stop"))}data: [DONE]\n\n`

describe("however the bytes are cut", () => {
  test("every split of a text beyond ASCII arrives byte for byte", async () => {
    const bytes = Buffer.from(WHOLE)
    const { upstream, router } = await over("ok")
    const from = bytes.indexOf(Buffer.from(TEXT))
    for (let at = from; at <= from + Buffer.byteLength(TEXT); at++) {
      upstream.script(inPieces([bytes.subarray(0, at), bytes.subarray(at)]))
      const answer = await router.post(path, STREAM)
      expect([at, await answer.text()]).toEqual([at, WHOLE])
    }
  })

  test("one byte a packet arrives byte for byte", async () => {
    const { router } = await over(inPieces([...Buffer.from(WHOLE)].map((byte) => Buffer.of(byte))))
    expect(await (await router.post(path, STREAM)).text()).toBe(WHOLE)
  })

  test("a megabyte in one packet arrives byte for byte", async () => {
    const long = `${event(delta("y".repeat(1 << 20)))}${WHOLE}`
    const { router } = await over(inPieces([Buffer.from(long)]))
    expect(await (await router.post(path, STREAM)).text()).toBe(long)
  })
})

describe("every line end of the standard", () => {
  const SPELLINGS: Record<string, string> = {
    CRLF: WHOLE.replaceAll("\n", "\r\n"),
    CR: WHOLE.replaceAll("\n", "\r"),
    "no space behind the colon": WHOLE.replaceAll("data: ", "data:"),
    "a byte order mark": `\ufeff${WHOLE}`,
    "an id, an event name and a retry": `retry: 5\nid: 1\nevent: message\n${WHOLE}`,
    "data over two lines": WHOLE.replace(',"choices"', ',\ndata: "choices"'),
    "comments between": `: hello\n\n${WHOLE.replaceAll("\n\n", "\n\n: ping\n\n")}`,
  }
  for (const [name, text] of Object.entries(SPELLINGS)) {
    for (const size of [1, 7, 4096]) {
      test(`${name}, ${size} bytes a packet, is a good answer`, async () => {
        const bytes = Buffer.from(text)
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
          bytes.subarray(n * size, (n + 1) * size),
        )
        const { router } = await over(inPieces(pieces))
        const answer = Buffer.from(await (await router.post(path, STREAM)).bytes()).toString()
        // What comes behind [DONE] may be left out.
        expect(text.startsWith(answer)).toBe(true)
        expect(answer).toContain("[DONE]")
        expect((await router.rows())[0]).toMatchObject({ status: 200, error: null })
      })
    }
  }

  test("a last event without its blank line is delivered, and closed", async () => {
    const { router } = await over(inPieces([Buffer.from(WHOLE.slice(0, -2))]))
    expect(await (await router.post(path, STREAM)).text()).toBe(WHOLE)
  })
})

describe("a text that looks like the protocol", () => {
  for (const text of [
    "\n\ndata: [DONE]\n\n",
    "a\rb\r\n\r\nc",
    "\u2028\u2029\u0085",
    '"error":{"',
  ]) {
    test(`${JSON.stringify(text)} stays text`, async () => {
      const body = `${event(delta(text))}${event(delta("after"))}${event(delta("", "stop"))}data: [DONE]\n\n`
      const { router } = await over(inPieces([Buffer.from(body)]))
      expect(await (await router.post(path, STREAM)).text()).toBe(body)
      expect((await router.rows())[0]).toMatchObject({ status: 200, error: null })
    })
  }
})

describe("compressed upstream answers", () => {
  for (const script of ["gz|role|tok:9|done", "br|role|tok:9|done", "gz|split:3|role|tok:9|done"]) {
    for (const stream of [true, false]) {
      test(`${script}${stream ? " as a stream" : ""} comes out plain, and says so`, async () => {
        const request = stream ? STREAM : CHAT
        const plain = await over(script.replace(/^(gz|br)\|(split:3\|)?/, ""))
        const packed = await over(script)
        const answer = await packed.router.post(path, request)
        expect(answer.headers.get("content-encoding")).toBeNull()
        const expected = await plain.router.post(path, request)
        expect(await answer.text()).toBe(await expected.text())
      })
    }
  }

  test("bytes that are not what their coding says are the upstream's fault", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" }
    const { router } = await over(() => ({ headers, body: "this is no gzip" }))
    expect((await router.post(path, CHAT)).status).toBe(502)
  })
})

describe("a type that does not fit", () => {
  for (const type of ["text/plain", "text/html", "application/octet-stream"]) {
    test(`a stream under ${type} is relayed whole, and called a stream`, async () => {
      const { router } = await over(`role|tok:3|done|type:${type}`)
      const answer = await router.post(path, STREAM)
      expect(await answer.text()).toContain("[DONE]")
      expect(answer.headers.get("content-type")).toStartWith("text/event-stream")
      expect((await router.rows())[0]).toMatchObject({ status: 200, error: null })
    })
  }

  test("JSON for a streaming request is told as the stream that it would have been", async () => {
    const choice = { index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }
    const json = JSON.stringify({ object: "chat.completion", choices: [choice] })
    const { router } = await over(`json:${json}`)
    const answer = await router.post(path, STREAM)
    expect(answer.headers.get("content-type")).toStartWith("text/event-stream")
    const events = await answer.text()
    expect(events).toContain('"content":"x"')
    expect(events).toEndWith("data: [DONE]\n\n")
  })

  test("a stream for a request that wants none is told as one answer", async () => {
    const { router } = await over(() => ({ headers: SSE, body: WHOLE }))
    const answer = await router.post(path, CHAT)
    expect(answer.headers.get("content-type")).toBe("application/json")
    expect(await answer.json()).toMatchObject({ object: "chat.completion" })
  })

  test("a stream for a request that wants none, and that breaks off, is the upstream's fault", async () => {
    const { router } = await over(() => ({ headers: SSE, body: WHOLE.slice(0, 60) }))
    expect((await router.post(path, CHAT)).status).toBe(502)
  })
})

describe("an odd status of an upstream", () => {
  const NEXT = [204, 205, 300, 304, 399, 408, 409, 425, 499, 500, 520, 521, 525, 529, 530, 599]
  for (const status of NEXT) {
    for (const stream of [false, true]) {
      test(`${status}${stream ? " for a stream" : ""} makes the router ask the next one`, async () => {
        const odd = await use(startUpstream({ script: () => ({ status, body: "" }) }))
        const good = await use(startUpstream({ script: "ok" }))
        const router = await use(startRouter(overUpstreams([{ url: odd.url }, { url: good.url }])))
        const answer = await router.post(path, stream ? STREAM : CHAT)
        expect(answer.status).toBe(200)
        expect(await answer.text()).toContain("choices")
        expect([odd.count(), good.count()]).toEqual([1, 1])
      })
    }
  }

  for (const status of [418, 451]) {
    test(`${status} is a refusal: it is passed on, and nobody else is asked`, async () => {
      const odd = await use(startUpstream({ script: `status:${status}` }))
      const good = await use(startUpstream({ script: "ok" }))
      const router = await use(startRouter(overUpstreams([{ url: odd.url }, { url: good.url }])))
      const answer = await router.post(path, CHAT)
      expect(answer.status).toBe(status)
      expect(await answer.json()).toHaveProperty("error.message")
      expect(good.count()).toBe(0)
    })
  }

  test("an interim 1xx answer before the real one is skipped", async () => {
    const bytes = Buffer.from(
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${Buffer.byteLength(WHOLE)}\r\n\r\n${WHOLE}`,
    )
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.write(bytes) },
    })
    await use({ close: () => server.stop(true) })
    const url = `http://127.0.0.1:${server.port}/v1`
    const router = await use(startRouter(overUpstreams([{ url }], { retries: 0 })))
    expect(await (await router.post(path, STREAM)).text()).toBe(WHOLE)
  })
})
