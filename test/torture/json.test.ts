import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { answered, rawChat, sendRaw, statuses } from "./support/raw.ts"

const use = closing()
const path = "/v1/chat/completions"
const ANSWER = '{"object":"chat.completion","choices":[]}'

async function start() {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
  return { upstream, router }
}

describe("JSON that two readers could take for two things", () => {
  const TWICE = [
    '{"model":"g","model":"other"}',
    '{"model":"other","model":"g"}',
    '{"model":"g","mod\\u0065l":"other"}',
    '{"model":"g","stream":false,"stream":true}',
    '{"model":"g","max_tokens":1,"max_tokens":100000}',
  ]
  for (const body of TWICE) {
    test(`${body} is refused`, async () => {
      const { upstream, router } = await start()
      const answer = await router.post(path, body)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toHaveProperty("error.message", expect.stringContaining("twice"))
      expect(upstream.count()).toBe(0)
    })
  }
})

describe("members named after the machinery of objects", () => {
  const NAMES = ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString"]
  for (const name of NAMES) {
    test(`${name} is a member like any other, as a field and as a model`, async () => {
      const { upstream, router } = await start()
      const evil = { polluted: "yes", isAdmin: true }
      const body = `{"model":"g","${name}":${JSON.stringify(evil)},"messages":[]}`
      expect((await router.post(path, body)).status).toBe(200)
      expect(Buffer.from(upstream.requests[0]!.body).toString()).toContain(`"${name}":{"polluted"`)
      const options = `{"model":"g","stream":true,"stream_options":{"${name}":{"polluted":1}}}`
      expect((await router.post(path, options)).status).toBe(200)
      expect({} as Record<string, unknown>).not.toHaveProperty("polluted")
      for (const model of [name, `u0/${name}`, `${name}/ok`]) {
        const { status } = await router.post(path, { model, messages: [] })
        expect([model, status < 500]).toEqual([model, true])
      }
    })
  }
})

describe("JSON at the edge of what can be read", () => {
  const deep = (open: string, close: string, depth: number) =>
    `{"model":"g","x":${open.repeat(depth)}1${close.repeat(depth)}}`
  const many = Array.from({ length: 100_000 }, (_, n) => `"k${n}":0`).join()
  const EDGES: Record<string, string> = {
    "arrays nested 100,000 deep": deep("[", "]", 100_000),
    "objects nested 100,000 deep": deep('{"a":', "}", 100_000),
    "100,000 open brackets and no end": `{"model":"g","x":${"[".repeat(100_000)}`,
    "a model nested 100,000 deep": `{"model":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "100,000 members": `{"model":"g",${many}}`,
    "a number beyond every double": '{"model":"g","max_tokens":1e999}',
    "a negative one": '{"model":"g","max_tokens":-1e999}',
    "an integer beyond 64 bits": '{"model":"g","max_tokens":18446744073709551616}',
    "a lone surrogate as an escape": '{"model":"g","user":"\\ud800"}',
    "a lone surrogate in the model": '{"model":"\\udfff\\ud800"}',
    "an escaped NUL in the model": '{"model":"g\\u0000"}',
    "a raw NUL": '{"model":"g","user":"\0"}',
    "a byte order mark": '\ufeff{"model":"g","messages":[]}',
    "only white space": " \n\t ",
    "no value": "undefined",
    null: "null",
    "a string": '"model"',
    "text behind the object": '{"model":"g"}{"model":"other"}',
    "an empty name": '{"model":"g","":1}',
  }
  for (const [name, body] of Object.entries(EDGES)) {
    test(`${name}: an answer or a refusal, and the router goes on`, async () => {
      const { upstream, router } = await start()
      // An answer that does not depend on the request: the upstream is not what is tried here.
      upstream.script(() => ({ body: ANSWER, headers: { "content-type": "application/json" } }))
      const answer = await router.post(path, body)
      expect(answer.status).toBeWithin(200, 500)
      expect((await answer.json()) as object).toBeObject()
      expect((await router.post(path, { model: "g", messages: [] })).status).toBe(200)
    })
  }

  test("bytes that are no UTF-8 are answered or refused", async () => {
    const { router } = await start()
    for (const bytes of ["\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80"]) {
      const body = Buffer.from(`{"model":"${bytes}","user":"${bytes}"}`, "latin1")
      const answer = await fetch(router.url + path, { method: "POST", body })
      expect(answer.status).toBeWithin(400, 500)
      await answer.text()
    }
  })
})

describe("heads that are too big", () => {
  const body = '{"model":"g","messages":[]}'
  const BOMBS: Record<string, string> = {
    "a value of 64 KB": rawChat(body, [`x-big: ${"a".repeat(65_536)}`]),
    "a name of 64 KB": rawChat(body, [`${"a".repeat(65_536)}: 1`]),
    "2,000 headers": rawChat(
      body,
      Array.from({ length: 2000 }, (_, n) => `x-${n}: ${n}`),
    ),
    "a target of 64 KB": rawChat(body).replace("/v1/", `/v1/${"a".repeat(65_536)}/`),
  }
  for (const [name, bytes] of Object.entries(BOMBS)) {
    test(`${name} is refused, and the router goes on`, async () => {
      const { upstream, router } = await start()
      const seen = statuses(await sendRaw(router.url, bytes))
      expect(seen.every((status) => status >= 400 && status < 500)).toBe(true)
      expect(upstream.count()).toBe(0)
      expect((await router.post(path, body)).status).toBe(200)
    })
  }
})

describe("a caller that sends slowly", () => {
  const COUNT = 60
  const body = '{"model":"g","messages":[]}'
  const whole = rawChat(body)
  const SLOW: Record<string, [from: number, at: number]> = {
    "in the head": [0, 20],
    "in the body": [0, whole.length - body.length + 3],
  }
  for (const [name, [from, at]] of Object.entries(SLOW)) {
    test(`${name} holds nobody else up, sixty times, and is served when it ends`, async () => {
      const { upstream, router } = await start()
      const { port } = new URL(router.url)
      const answers = new Map<number, string>()
      const sockets = await Promise.all(
        Array.from({ length: COUNT }, (_, n) =>
          Bun.connect({
            hostname: "127.0.0.1",
            port: Number(port),
            socket: {
              data(_, bytes) {
                answers.set(n, (answers.get(n) ?? "") + Buffer.from(bytes).toString("latin1"))
              },
            },
          }),
        ),
      )
      for (const socket of sockets) socket.write(whole.slice(from, at))
      for (let drip = 0; drip < 3; drip++) {
        for (const socket of sockets) socket.write(whole.slice(at + drip, at + drip + 1))
        expect((await router.post(path, body)).status).toBe(200)
      }
      expect(upstream.count()).toBe(3)
      const [last, ...left] = sockets
      for (const socket of left) socket.terminate()
      last!.write(whole.slice(at + 3))
      await upstream.waitFor((each) => each.count() === 4)
      expect(answers.size).toBeLessThanOrEqual(1)
      expect((await router.post(path, body)).status).toBe(200)
      last!.end()
    })
  }

  test("who half-closes behind the request still gets the answer", async () => {
    const { upstream, router } = await start()
    upstream.script("slow:100ms|ok")
    const text = await sendRaw(router.url, whole, answered, { halfClose: true })
    // A half-close may count as leaving, but never as a fault of the router.
    expect(statuses(text).filter((status) => status !== 200)).toEqual([])
    expect((await router.post(path, body)).status).toBe(200)
  })
})

test("stream options of any depth are refused or passed on, never a fault of ours", async () => {
  const upstream = await use(startUpstream({ script: () => ({ status: 400, body: "{}" }) }))
  const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
  const body = `{"model":"g","stream":true,"stream_options":{"a":${deep}}}`
  expect((await router.post("/v1/chat/completions", body)).status).toBe(400)
}, 30_000)
