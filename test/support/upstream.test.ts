import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { once } from "node:events"
import { connect } from "node:net"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import {
  answerText,
  closedPort,
  DEFAULT_TOKENS,
  PROMPT_TOKENS,
  startUpstream,
  type Upstream,
} from "./upstream/index.ts"

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterEach(() => upstream.reset())
afterAll(() => upstream.close())

const MESSAGES = [{ role: "user", content: "hi" }]

const chat = (model: string, extra: object = {}, init: RequestInit = {}) =>
  fetch(`${upstream.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer key-1" },
    body: JSON.stringify({ model, messages: MESSAGES, ...extra }),
    ...init,
  })
const stream = (model: string, extra: object = {}) => chat(model, { stream: true, ...extra })

interface Chunk {
  choices: { delta: Record<string, unknown>; finish_reason: string | null }[]
  usage?: { completion_tokens: number } | null
  error?: { code: string }
  extra?: unknown
}

const datas = (text: string) => [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? "")
const chunks = (text: string): Chunk[] =>
  datas(text).flatMap((data) => (data === "[DONE]" ? [] : [JSON.parse(data) as Chunk]))
const textOf = (all: Chunk[]) => all.map((each) => each.choices[0]?.delta["content"] ?? "").join("")
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code,
  )

/** Sends one POST over a raw socket and returns everything that came back, as latin1. */
async function rawPost(body: object): Promise<string> {
  const socket = connect(upstream.port, "127.0.0.1")
  const parts: Buffer[] = []
  socket.on("data", (part: Buffer) => parts.push(part))
  const text = JSON.stringify(body)
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nX-Odd-Case: 1\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
  await once(socket, "close")
  return Buffer.concat(parts).toString("latin1")
}

describe("a good answer", () => {
  test("is whole when the request does not stream, and echoes fields that OpenAI has not", async () => {
    const response = await chat("gpt-x", { vendor_thing: { deep: [1] } })
    expect(response.status).toBe(200)
    const body = (await response.json()) as Record<string, unknown>
    expect(body).toMatchObject({
      object: "chat.completion",
      model: "gpt-x",
      choices: [{ message: { content: answerText(DEFAULT_TOKENS) }, finish_reason: "stop" }],
      usage: { prompt_tokens: PROMPT_TOKENS, completion_tokens: DEFAULT_TOKENS },
      extra: { vendor_thing: { deep: [1] } },
    })
  })

  test("is a stream when the request asks, with usage only when that is asked too", async () => {
    const plain = await (await stream("ok", { vendor_thing: 1 })).text()
    expect(textOf(chunks(plain))).toBe(answerText(DEFAULT_TOKENS))
    expect(chunks(plain)[0]).toMatchObject({
      choices: [{ delta: { role: "assistant" } }],
      extra: { vendor_thing: 1 },
    })
    expect(datas(plain).at(-1)).toBe("[DONE]")
    expect(plain).not.toContain("usage")
    const counted = chunks(
      await (await stream("ok", { stream_options: { include_usage: true } })).text(),
    )
    expect(counted[0]?.usage).toBeNull()
    expect(counted.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: DEFAULT_TOKENS },
    })
  })

  test("exists for every endpoint", async () => {
    const post = (path: string, body: object) =>
      fetch(upstream.url + path, { method: "POST", body: JSON.stringify({ model: "m", ...body }) })
    const embedded = await (await post("/embeddings", { input: ["a", "b"] })).json()
    expect(embedded.data).toHaveLength(2)
    expect((await (await post("/moderations", { input: "x" })).json()).results).toHaveLength(1)
    expect((await (await post("/images/generations", {})).json()).data).toHaveLength(1)
    expect((await (await post("/rerank", {})).json()).results).toHaveLength(1)
    expect((await (await post("/audio/speech", {})).bytes()).length).toBe(512)
    expect((await (await post("/completions", {})).json()).choices[0].text).toStartWith("Hello")
    expect((await (await fetch(`${upstream.url}/models`)).json()).object).toBe("list")
    expect((await post("/nowhere", {})).status).toBe(404)
    const form = new FormData()
    form.set("model", "whisper")
    form.set("file", new Blob([new Uint8Array(100)]), "a.wav")
    const heard = await fetch(`${upstream.url}/audio/transcriptions`, {
      method: "POST",
      body: form,
    })
    expect((await heard.json()).text).toEndWith("bytes heard")
    expect(upstream.requests.at(-1)?.model).toBe("whisper")
  })
})

describe("what is recorded", () => {
  test("holds the method, headers as they came, the key, the body and the reuse of connections", async () => {
    await rawPost({ model: "ok" })
    await (await chat("a")).text()
    await (await chat("b")).text()
    const [raw, first, second] = upstream.requests
    expect(raw?.rawHeaders).toContainEqual(["X-Odd-Case", "1"])
    expect(raw?.headers["x-odd-case"]).toBe("1")
    expect(first).toMatchObject({ method: "POST", path: "/v1/chat/completions", key: "key-1" })
    expect(first?.json).toMatchObject({ model: "a" })
    expect(second).toMatchObject({ reused: true, connection: first?.connection, finished: true })
    expect(upstream.count()).toBe(3)
    expect(upstream.count("b")).toBe(1)
  })

  test("holds big bodies, with a length and in chunks, and bodies that wait for a 100", async () => {
    const padding = "x".repeat(20 << 20)
    await (await chat("ok", { padding })).text()
    expect(upstream.requests[0]?.json?.["padding"]).toBe(padding)
    const socket = connect(upstream.port, "127.0.0.1")
    socket.write(
      "POST /v1/chat/completions HTTP/1.1\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n",
    )
    const [first] = (await once(socket, "data")) as [Buffer]
    expect(first.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    socket.write('8\r\n{"model"\r\n6\r\n:"ok"}\r\n0\r\n\r\n')
    await upstream.waitFor(({ requests }) => requests[1]?.finished === true)
    expect(upstream.requests[1]?.model).toBe("ok")
    socket.destroy()
  })

  test("tells a client that left from one that stayed", async () => {
    const gone = new AbortController()
    const response = await chat("role|tok:1|stall", { stream: true }, { signal: gone.signal })
    await response.body?.getReader().read()
    gone.abort()
    await upstream.waitFor(({ requests }) => requests[0]?.aborted === true)
    expect(upstream.requests[0]).toMatchObject({ finished: false, tokens: 1 })
    expect(upstream.requests[0]?.closedAt).toBeNumber()
    await (await chat("ok")).text()
    expect(upstream.requests[1]).toMatchObject({ finished: true, aborted: false })
  })

  test("shows that a reader who does not read holds the answer up", async () => {
    const socket = connect(upstream.port, "127.0.0.1")
    await once(socket, "connect")
    socket.pause()
    const body = JSON.stringify({ model: "role|line:32m|tok:1|done", stream: true })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await upstream.waitFor(({ requests }) => (requests[0]?.sent ?? 0) > 0)
    await (await chat("ok")).text()
    expect(upstream.requests[0]).toMatchObject({ finished: false, tokens: 0 })
    socket.resume()
    await upstream.waitFor(({ requests }) => requests[0]?.finished === true)
    expect(upstream.requests[0]?.sent).toBeGreaterThan(32 << 20)
    socket.destroy()
  })
})

describe("a script", () => {
  test("comes from a function, a name, or the model, and may be held back by a promise", async () => {
    const gate = Promise.withResolvers<string>()
    upstream.script((_, index) => (index === 0 ? "status:429;ra=2" : gate.promise))
    const limited = await chat("m")
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "2"])
    expect(((await limited.json()) as Chunk).error?.code).toBe("rate_limit")
    const held = chat("m")
    await upstream.waitFor(({ requests }) => requests.length === 2)
    gate.resolve("status:500")
    expect((await held).status).toBe(500)
    upstream.script("html")
    expect((await chat("ok")).headers.get("content-type")).toBe("text/html")
    upstream.script(undefined)
    expect((await chat("ok")).status).toBe(200)
  })

  test("may be a reply that is written out, whole or in parts", async () => {
    upstream.script(() => ({ status: 418, headers: { "x-tea": "1" }, body: { pot: true } }))
    const whole = await chat("m")
    expect([whole.status, whole.headers.get("x-tea"), await whole.json()]).toEqual([
      418,
      "1",
      { pot: true },
    ])
    async function* parts() {
      yield "data: a\n\n"
      yield new TextEncoder().encode("data: b\n\n")
    }
    upstream.script(() => ({ body: parts() }))
    expect(datas(await (await chat("m")).text())).toEqual(["a", "b"])
  })

  test("with a mistyped op is a 599, and an ordinary model name is no script", async () => {
    expect((await chat("role|tokk:3|done")).status).toBe(599)
    for (const model of ["gpt-5.4-mini", "qwen3:8b", "okay", "meta/llama:free"]) {
      expect((await chat(model)).status).toBe(200)
    }
  })

  test("plays text, reasoning and tool calls, streamed or whole", async () => {
    const script = "role|think:2|tok:3@1ms|tool:2|finish:tool_calls|usage|done"
    const tools = [{ type: "function", function: { name: "weather" } }]
    const all = chunks(await (await stream(script, { tools })).text())
    const deltas = all.flatMap((each) => each.choices.map((choice) => choice.delta))
    expect(deltas.filter((delta) => "reasoning_content" in delta)).toHaveLength(2)
    const calls = deltas.flatMap(
      (delta) =>
        (delta["tool_calls"] ?? []) as {
          index: number
          function: { name?: string; arguments: string }
        }[],
    )
    expect(calls.flatMap((call) => call.function.name ?? [])).toEqual(["weather", "tool_1"])
    for (const index of [0, 1]) {
      const own = calls.filter((call) => call.index === index)
      const text = own.map((call) => call.function.arguments).join("")
      expect(JSON.parse(text)).toHaveProperty("city")
    }
    expect(all.at(-1)?.usage?.completion_tokens).toBe(5)
    const whole = await (await chat(script, { tools })).json()
    expect(whole.choices[0].message.tool_calls).toHaveLength(2)
    expect(whole.choices[0].message.reasoning_content).toBe("thought 0 thought 1 ")
  })

  test("can put an error, junk, comments, CRLF and raw bytes in a stream, and leave [DONE] out", async () => {
    const failed = await (await stream("role|err:overloaded|fin")).text()
    expect(chunks(failed).at(-1)?.error?.code).toBe("overloaded")
    const messy = await (await stream("role|comment:hey|junk|tok:1|raw:data: z\\n\\n")).text()
    expect(messy).toContain(": hey\n\n")
    expect(messy).toEndWith("data: z\n\n")
    const crlf = await (await stream("crlf|nodone")).text()
    expect(crlf.replaceAll("\r\n\r\n", "")).not.toContain("\n")
    expect(crlf).not.toContain("[DONE]")
    expect(textOf(chunks(crlf.replaceAll("\r", "")))).toBe(answerText(DEFAULT_TOKENS))
  })

  test("answers with its own JSON, with an error in a 200, or with nothing", async () => {
    expect(await (await chat('hdr:503|json:{"a":"b|c"}')).text()).toBe('{"a":"b|c"}')
    const failed = await chat("err:overloaded")
    expect([failed.status, ((await failed.json()) as Chunk).error?.code]).toEqual([
      200,
      "overloaded",
    ])
    const empty = await chat("empty")
    expect([empty.status, await empty.text()]).toEqual([200, ""])
  })
})

describe("on the wire", () => {
  test("the chunks are as small as the script says", async () => {
    const text = await rawPost({ model: "split:3", stream: true })
    const body = text.slice(text.indexOf("\r\n\r\n") + 4)
    const sizes = [...body.matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n/g)].map((match) => match[1])
    expect(sizes.length).toBeGreaterThan(100)
    expect(new Set(sizes).difference(new Set(["3", "2", "1", "0"]))).toEqual(new Set())
    expect(textOf(chunks(await (await stream("split:1")).text()))).toBe(answerText(DEFAULT_TOKENS))
  })

  test("compressed events leave one by one", async () => {
    for (const [script, encoding, unpack] of [
      ["gz", "gzip", gunzipSync],
      ["br", "br", brotliDecompressSync],
    ] as const) {
      const response = await chat(script, { stream: true }, { decompress: false } as RequestInit)
      expect(response.headers.get("content-encoding")).toBe(encoding)
      expect(textOf(chunks(unpack(await response.bytes()).toString()))).toBe(
        answerText(DEFAULT_TOKENS),
      )
      const held = await stream(`${script}|role|tok:1|stall`)
      const first = new TextDecoder().decode((await held.body?.getReader().read())?.value)
      expect(first).toStartWith("data: ")
      await held.body?.cancel().catch(() => {})
    }
  })

  test("a reset, a cut and a clean end without a terminal differ", async () => {
    expect(await codeOf(stream("rst"))).toBe("ECONNRESET")
    expect(await codeOf((await stream("role|tok:3|rst")).text())).toBe("ECONNRESET")
    expect(await codeOf((await stream("role|tok:3|cut")).text())).toBe("ECONNRESET")
    expect(await codeOf((await chat("tok:3|cut")).text())).toBe("ECONNRESET")
    const clean = await (await stream("role|tok:3|fin")).text()
    expect(textOf(chunks(clean))).toBe(answerText(3))
    expect(clean).not.toContain("[DONE]")
    expect(upstream.requests.some((request) => request.aborted)).toBe(false)
  })

  test("keepalive comments come during a stall, and headers before it when the script says so", async () => {
    const response = await stream("hdr:200|ping:5ms|stall")
    const reader = response.body?.getReader()
    for (let seen = ""; !seen.includes(": ping\n\n: ping\n\n"); ) {
      seen += new TextDecoder().decode((await reader?.read())?.value)
    }
    await reader?.cancel()
    await upstream.waitFor(({ requests }) => requests[0]?.aborted === true)
  })

  test("a silent server accepts and says nothing, a closed port refuses", async () => {
    const silent = await startUpstream({ silent: true })
    const gone = new AbortController()
    const pending = fetch(`${silent.url}/models`, { signal: gone.signal })
    await silent.waitFor(({ connections }) => connections.open === 1)
    expect(await Promise.race([pending.then(() => "answered"), "silence"])).toBe("silence")
    gone.abort()
    expect(await pending.catch((error: Error) => error.name)).toBe("AbortError")
    await silent.waitFor(({ connections }) => connections.open === 0)
    await silent.close()
    expect(await codeOf(fetch(`http://127.0.0.1:${await closedPort()}/`))).toBe("ECONNREFUSED")
  })

  test("waiting for what does not happen fails with what did", async () => {
    await (await chat("ok")).text()
    const waiting = upstream.waitFor(() => false, 1)
    await expect(waiting).rejects.toThrow("requests: [ok aborted=false finished=true]")
  })
})
