import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { answered, rawChat, sendRaw, statuses } from "../torture/support/raw.ts"
import { ASK, chat, type Does, type Pair, relayed, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const MB = 1 << 20
const KEYS = { all: "sk-caller-all-000001", few: "sk-caller-few-000001" }
const bearer = (key: string) => `authorization: Bearer ${key}`

/** A good answer that does not depend on the request: the upstream is not what is tried. */
const answers = new Map<string, Buffer>()
const steady: Does = async ({ address: { dialect } }, say) => {
  const body = answers.get(dialect) ?? (await say("ok"))
  answers.set(dialect, body)
  return { body }
}

let rig: Rig
let locked: Rig
beforeAll(async () => {
  ;[rig, locked] = await Promise.all([
    startRig(
      {
        C04: ["ok"],
        "C04-bomb": ["gz|line:64m|done", "ok"],
        C06: ["ok"],
        C07: [steady],
        C08: ["slow:50ms|ok"],
      },
      { config: { limits: { body: "8mb", response: "8mb" } } },
    ),
    startRig(
      { C06: ["ok"], C10: ["ok"] },
      {
        pairs: [chat],
        config: {
          auth: {
            keys: [
              { key: KEYS.all, name: "all" },
              { key: KEYS.few, name: "few", groups: ["C10~openai-chat~openai-chat"] },
            ],
          },
        },
      },
    ),
  ])
})
afterAll(() => Promise.all([rig.close(), locked.close()]))

const isWell = async (of = rig, headers = {}) =>
  expect((await of.ask("C06", chat, { talk: ASK, headers })).status).toBe(200)
const body = (scenario: string, more = "") =>
  `{"model":"${rig.group(scenario)}","messages":[{"role":"user","content":"hi"}]${more}}`

test("C04 bodies that are too large, lie or unpack without end are refused before they are held", async () => {
  const before = rig.memory()
  const head = (line: string) => rawChat("").replace("content-length: 0", line)
  const [declared] = statuses(await sendRaw(rig.program.url, head(`content-length: ${200 * MB}`)))
  expect(declared).toBe(413)
  // As it comes, without a length and without an end.
  const { port, hostname } = new URL(rig.program.url)
  const told = await new Promise<string>((resolve) => {
    let text = ""
    const socket = connect({ port: Number(port), host: hostname })
    const chunk = `${MB.toString(16)}\r\n${"x".repeat(MB)}\r\n`
    const send = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    const end = () => {
      socket.destroy()
      resolve(text)
    }
    socket.on("drain", send)
    socket.on("error", end)
    socket.on("close", end)
    socket.on("data", (part) => {
      text += part.toString("latin1")
      if (answered(text)) end()
    })
    socket.write(head("transfer-encoding: chunked"))
    send()
  })
  expect([413, undefined]).toContain(statuses(told)[0])
  // A length that is more than there is: whoever half-closes has left, and nothing is sent on.
  const short = head("content-length: 5000") + body("C04")
  const lied = await sendRaw(rig.program.url, short, answered, { halfClose: true })
  expect(statuses(lied).filter((status) => status < 400 || status > 499)).toEqual([])
  expect(rig.seen("C04", chat, 0)).toEqual([])
  const bomb = gzipSync(Buffer.alloc(200 * MB, " "))
  const packed = await fetch(`${rig.program.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-encoding": "gzip", "content-type": "application/json" },
    body: bomb,
  })
  expect(packed.status).toBe(415)
  // An upstream's answer that unpacks to more than may be held leads to the next upstream.
  const { status, headers } = await rig.ask("C04-bomb", chat, { talk: ASK })
  expect([status, headers.get("x-llmrouter-attempts")]).toEqual([200, "2"])
  // A fraction of the 460 MB that all of them would have come to.
  expect(rig.memory() - before).toBeLessThan(256 * MB)
  await isWell()
})

test("C05 heads that are too big are refused, and reasonable ones are not", async () => {
  const lines = (many: number) => Array.from({ length: many }, (_, n) => `x-${n}: ${n}`)
  const bombs = [
    rawChat(body("C06"), [`x-big: ${"a".repeat(65_536)}`]),
    rawChat(body("C06"), [`${"a".repeat(65_536)}: 1`]),
    rawChat(body("C06"), lines(2000)),
    rawChat(body("C06")).replace("/v1/", `/v1/${"a".repeat(65_536)}/`),
  ]
  for (const bomb of bombs) {
    const seen = statuses(await sendRaw(rig.program.url, bomb))
    expect(seen.every((status) => status >= 400 && status < 500)).toBe(true)
  }
  const fair = rawChat(body("C06"), [`x-big: ${"a".repeat(8000)}`, ...lines(100)])
  expect(statuses(await sendRaw(rig.program.url, fair))).toEqual([200])
})

test("C06 a member twice is refused, and members named after machinery are members", async () => {
  const post = (of: Rig, text: string, key = KEYS.all, path = "/v1/chat/completions") =>
    fetch(of.program.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: text,
    })
  const allowed = locked.group("C10")
  const forbidden = locked.group("C06")
  for (const names of [
    [allowed, forbidden],
    [forbidden, allowed],
  ]) {
    for (const spelled of ["model", "mod\\u0065l"]) {
      const text = `{"model":"${names[0]}","${spelled}":"${names[1]}","messages":[]}`
      expect([text, (await post(locked, text, KEYS.few)).status]).toEqual([text, 400])
    }
  }
  expect((await post(locked, body("C06"), KEYS.few)).status).toBe(403)
  expect(locked.seen("C06", chat, 0)).toEqual([])
  for (const name of ["__proto__", "constructor", "prototype", "toString"]) {
    const evil = `"${name}":{"polluted":"yes","model":"${forbidden}"}`
    const answer = await post(rig, body("C06", `,${evil}`))
    expect([name, answer.status]).toEqual([name, 200])
    expect(Buffer.from(rig.seen("C06", chat, 0).at(-1)!.body).toString()).toContain(evil)
    expect([name, (await post(rig, `{"model":"${name}","messages":[]}`)).status]).toEqual([
      name,
      404,
    ])
  }
})

/** JSON at the edge of what can be read, as the value of one member. */
const EDGES: Record<string, string> = {
  "deep arrays": `${"[".repeat(100_000)}1${"]".repeat(100_000)}`,
  "deep objects": `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  "no end": "[".repeat(100_000),
  "many members": `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":0`).join()}}`,
  "beyond every double": "1e999",
  "beyond 64 bits": "18446744073709551616",
  "a lone surrogate": '"\\ud800"',
  "an escaped NUL": '"\\u0000"',
  "a raw NUL": '"\0"',
  "no value": "undefined",
  "a long number": "1".repeat(100_000),
}

test("C07 JSON at the edge is answered or refused in every protocol, and nothing breaks", async () => {
  const fields = [
    "x",
    "messages",
    "input",
    "contents",
    "max_tokens",
    "tools",
    "temperature",
    "user",
  ]
  const of = async (pair: Pair, field: string, value: string) => {
    const group = rig.group("C07", pair)
    const own = JSON.stringify({ ...pair.client.body(group, ASK, []), [field]: "@" })
    const response = await fetch(rig.program.url + pair.client.path(group, false), {
      method: "POST",
      headers: { "content-type": "application/json", ...pair.client.headers },
      body: own.replace('"@"', () => value),
    })
    expect((await response.json()) as object).toBeObject()
    return response.status
  }
  for (const pair of relayed) expect((await rig.ask("C07", pair, { talk: ASK })).status).toBe(200)
  for (const [name, value] of Object.entries(EDGES)) {
    for (const field of fields) {
      const found = await Promise.all(relayed.map((pair) => of(pair, field, value)))
      const odd = found.filter((status) => status < 200 || status > 499)
      expect([name, field, odd]).toEqual([name, field, []])
    }
  }
  await isWell()
})

test("C08 a client that pipelines, waits for 100 or half-closes gets right answers or a closed connection", async () => {
  const one = rawChat(body("C08"))
  const text = await sendRaw(
    rig.program.url,
    rawChat(body("C08"), ["expect: 100-continue"]),
    (soFar) => statuses(soFar).includes(200),
  )
  expect(statuses(text).at(-1)).toBe(200)
  const half = await sendRaw(rig.program.url, one, (soFar) => soFar.endsWith("}"), {
    halfClose: true,
  })
  expect(statuses(half).filter((status) => status !== 200)).toEqual([])
  // Bun 1.4.5 closes the connection when a second request comes while a handler still awaits.
  const both = await sendRaw(rig.program.url, one + one, (soFar) => statuses(soFar).length === 2)
  expect([[], [200], [200, 200]]).toContainEqual(statuses(both))
  await isWell()
})

test("C10 however a target or a host is written, a route needs its key", async () => {
  const TARGETS = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/./chat/completions",
    "/v1/%2e%2e/v1/chat/completions",
    "/v1/chat%2fcompletions",
    "/V1/CHAT/COMPLETIONS",
    "/health/../v1/chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions;x=1",
    "/v1/chat/completions?key=wrong",
    "http://elsewhere.test/v1/chat/completions",
    "/health/..%2fv1/chat/completions",
    "/openapi.json/../v1/chat/completions",
  ]
  const HOSTS = [
    "host: localhost",
    "host: evil.test",
    "host: ",
    "host: a b",
    "host: [",
    "x-none: 1",
  ]
  const text = JSON.stringify({ model: locked.group("C10"), messages: [] })
  const ask = async (target: string, host: string, more: readonly string[]) => {
    const head = [`POST ${target} HTTP/1.1`, host, ...more, `content-length: ${text.length}`]
    return statuses(await sendRaw(locked.program.url, `${head.join("\r\n")}\r\n\r\n${text}`))
  }
  await Promise.all(
    [...TARGETS, "/v1/chat/completions"].flatMap((target) =>
      HOSTS.map(async (host) => {
        const seen = await ask(target, host, [])
        expect([target, host, seen.every((s) => s >= 400 && s < 500)]).toEqual([target, host, true])
        const keyed = await ask(target, host, [bearer(KEYS.all)])
        expect([target, host, keyed.every((s) => s < 500)]).toEqual([target, host, true])
      }),
    ),
  )
  const good = await ask("/v1/chat/completions", "host: localhost", [bearer(KEYS.few)])
  expect(good).toEqual([200])
})
