import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { rawChat, sendRaw, statuses } from "./support/raw.ts"

const use = closing()
const KEY = "caller-key-0123456789abcdef"
const BODY = JSON.stringify({ model: "g", messages: [{ role: "user", content: "hi" }] })
const BEARER = `authorization: Bearer ${KEY}`

async function start() {
  const upstream = await use(startUpstream({ script: "ok" }))
  const config = overUpstreams([{ url: upstream.url, keys: ["provider-key-0123456789"] }], {
    auth: { keys: [KEY] },
  })
  const router = await use(startRouter(config))
  return { upstream, router }
}

describe("requests that two servers could read differently", () => {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${BEARER}\r\n`
  const length = `content-length: ${BODY.length}\r\n`
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  const SMUGGLED: Record<string, string> = {
    "a length and chunks": `${head}${length}transfer-encoding: chunked\r\n\r\n${chunks}`,
    "two lengths that differ": `${head}${length}content-length: 1\r\n\r\n${BODY}`,
    "a negative length": `${head}content-length: -1\r\n\r\n${BODY}`,
    "two transfer encodings": `${head}transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n${chunks}`,
    "a space before the colon": `${head}content-length : ${BODY.length}\r\n\r\n${BODY}`,
    "a folded header": `${head}x-odd: a\r\n b\r\n${length}\r\n${BODY}`,
    "a NUL in a header": `${head}x-odd: a\0b\r\n${length}\r\n${BODY}`,
  }
  for (const [name, bytes] of Object.entries(SMUGGLED)) {
    test(`${name} is refused, and nothing of it reaches an upstream`, async () => {
      const { upstream, router } = await start()
      const seen = statuses(await sendRaw(router.url, bytes))
      expect(seen.every((status) => status >= 400 && status < 500)).toBe(true)
      expect(upstream.count()).toBe(0)
      expect((await fetch(`${router.url}/health/live`)).status).toBe(200)
    })
  }
})

describe("odd ways to write a target", () => {
  const TARGETS = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/%2e%2e/v1/chat/completions",
    "/v1/chat%2fcompletions",
    "/V1/chat/completions",
    "/health/../v1/chat/completions",
    "http://elsewhere.test/v1/chat/completions",
    "/v1/chat/completions?key=wrong",
  ]
  for (const target of TARGETS) {
    test(`${target} without a key reaches no upstream and is no fault of ours`, async () => {
      const { upstream, router } = await start()
      const line = `POST ${target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${BODY.length}\r\n\r\n`
      const [status = 0] = statuses(await sendRaw(router.url, line + BODY))
      expect(status).toBeWithin(400, 500)
      expect(upstream.count()).toBe(0)
    })
  }
})

describe("ways to send a good request", () => {
  test("the same bytes without a trick are answered", async () => {
    const { upstream, router } = await start()
    expect(statuses(await sendRaw(router.url, rawChat(BODY, [BEARER])))).toEqual([200])
    expect(upstream.count()).toBe(1)
  })

  test("a caller that waits for 100 Continue is answered", async () => {
    const { router } = await start()
    const bytes = rawChat(BODY, [BEARER, "expect: 100-continue"])
    const text = await sendRaw(router.url, bytes, (so_far) => statuses(so_far).includes(200))
    expect(statuses(text).at(-1)).toBe(200)
  })

  // Bun 1.4.5 closes the connection when a second request comes while a handler still awaits.
  test("two requests in one packet get two right answers or a closed connection", async () => {
    for (let round = 0; round < 10; round++) {
      const { upstream, router } = await start()
      const bodies = ["first", "second"].map((word) =>
        JSON.stringify({ model: "g", user: word, echo_of: word, messages: [] }),
      )
      const bytes = bodies.map((body) => rawChat(body, [BEARER])).join("")
      const both = (text: string) => text.split('"extra"').length > 2 && text.endsWith("}")
      const text = await sendRaw(router.url, bytes, both)
      const words = [...text.matchAll(/"echo_of":"(\w+)"/g)].map((match) => match[1])
      expect(["", "first", "first,second"]).toContain(words.join())
      expect(statuses(text)).toEqual(words.map(() => 200))
      let rows = await router.rows()
      for (; rows.length < upstream.count(); rows = await router.rows()) await Bun.sleep(5)
      expect(rows.length).toBeWithin(upstream.count(), 3)
    }
  })
})
