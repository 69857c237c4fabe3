import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { until } from "../../support/cleanup.ts"
import { startRouter, overUpstreams, type Router } from "../../support/router.ts"
import { startUpstream, type Upstream } from "../../support/upstream/index.ts"
import { type Connection, open } from "./connection.ts"
import { question, request } from "./requests.ts"
import { settled } from "./settled.ts"
import { BOTH_WAYS } from "./ways.ts"

const KB = 1024
const MB = 1024 * KB
/** Of a stream: far more than sockets may hold, of three connections behind one another. */
const BLOCKS = 4096
const BLOCK = 64 * KB
/** Streams of small events and of large ones: how many, and how large. */
const STREAMS = { small: [120_000, 250], large: [500, 70 * KB] } as const
/** Of a whole answer. */
const LARGE = 8 * MB
/** Milliseconds: what goes wrong here is that nothing comes any more. */
const PATIENCE = 60_000
const LAST_CHUNK = "0\r\n\r\n"

/** A text that no two places of a stream have. */
const textOf = (n: number, size: number) => `${n}.`.repeat(size).slice(0, size)
const event = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
const END = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`
const ANSWER = JSON.stringify({
  choices: [{ index: 0, message: { content: textOf(7, LARGE) }, finish_reason: "stop" }],
})

async function* endless(size: number, many: number) {
  for (let n = 0; n < many; n++) yield event(textOf(n, size))
  yield END
}

setDefaultTimeout(PATIENCE)

let upstream: Upstream
let router: Router
beforeAll(async () => {
  upstream = await startUpstream({
    script: ({ model, stream }) => {
      if (!stream) return { body: ANSWER }
      const [many, size] = STREAMS[model as keyof typeof STREAMS] ?? [BLOCKS, BLOCK]
      return { body: endless(size, many) }
    },
  })
  const groups = { g: ["u0/g"], small: ["u0/small"], large: ["u0/large"] }
  router = await startRouter(overUpstreams([{ url: upstream.url }], { groups }))
})
afterAll(async () => {
  await router.close()
  await upstream.close()
})

/** Reads a little now and then, until so much has come. */
async function readSlowly(connection: Connection, enough: () => boolean): Promise<void> {
  await until(async () => {
    connection.resume()
    await Bun.sleep(1)
    connection.pause()
    return enough()
  }, PATIENCE)
  connection.resume()
}

/** The answer to a request for a stream, which is read slowly after it has come to a stand. */
async function slowStream(bytes: Uint8Array): Promise<string> {
  const at = upstream.count()
  const connection = await open(router.url)
  connection.pause()
  await connection.send(bytes)
  await until(() => upstream.count() > at)
  await settled(() => upstream.requests[at]!.sent)
  expect(upstream.requests[at]!.finished).toBe(false)
  await readSlowly(connection, () => connection.ended || connection.endsWith(LAST_CHUNK))
  const { body } = (await connection.answer())!
  connection.close()
  return body.toString()
}

const textsOf = (body: string): string[] =>
  body
    .split("\n\n")
    .filter((text) => text.includes('"content"'))
    .map((text) => (JSON.parse(text.slice(6)) as Event).choices[0]!.delta.content)

function isWhole(texts: readonly string[], model: keyof typeof STREAMS): void {
  const [many, size] = STREAMS[model]
  expect(texts.length).toBe(many)
  expect(texts.findIndex((text, n) => text !== textOf(n, size))).toBe(-1)
}

test.each(["small", "large"] as const)(
  "every byte of a translated stream of %s events comes to such a client, too",
  async (model) => {
    const body = question(model, { stream: true, max_tokens: 9 })
    const events = (await slowStream(request({ target: "/v1/messages", body }))).split("\n\n")
    const texts = events.flatMap((text) => {
      const data = text.split("data: ")[1]
      return data?.includes('"text_delta"') ? [(JSON.parse(data) as Delta).delta.text] : []
    })
    isWhole(texts, model)
  },
)

test("every byte of a stream comes to such a client of version 1.0, too", async () => {
  const body = question("small", { stream: true })
  isWhole(textsOf(await slowStream(request({ version: "HTTP/1.0", body }))), "small")
})

describe.each(BOTH_WAYS)("%s", (_, way) => {
  test("a client that reads nothing makes its upstream wait, and leaves with its request", async () => {
    const at = upstream.count()
    const connection = await open(router.url)
    connection.pause()
    await connection.send(way(question("g", { stream: true })))
    await until(() => upstream.count() > at)
    const sent = await settled(() => upstream.requests[at]!.sent)
    expect(sent).toBeLessThan((BLOCKS * BLOCK) / 2)
    connection.close()
    await until(() => upstream.requests[at]!.aborted)
  })

  test.each(["small", "large"] as const)(
    "every byte of a stream of %s events comes to a client that stops to read again and again",
    async (model) => {
      const body = await slowStream(way(question(model, { stream: true })))
      isWhole(textsOf(body), model)
    },
  )

  test("an answer of 8 MB comes whole to a client that reads slowly", async () => {
    const connection = await open(router.url)
    connection.pause()
    await connection.send(way(question()))
    await readSlowly(connection, () => connection.received() > ANSWER.length)
    const { body } = (await connection.answer())!
    expect(body.equals(Buffer.from(ANSWER))).toBe(true)
    await connection.send(request({ body: question("none") }))
    expect((await connection.answer())?.status).toBe(404)
    connection.close()
  })

  test("a body of 5 MB that is written slowly comes whole", async () => {
    const user = textOf(3, 5 * MB)
    const bytes = way(question("g", { user }))
    const at = upstream.count()
    const connection = await open(router.url)
    for (let from = 0; from < bytes.length; from += 40 * KB) {
      await connection.send(bytes.subarray(from, from + 40 * KB))
      await new Promise(setImmediate)
    }
    expect((await connection.answer())?.status).toBe(200)
    expect(upstream.requests[at]!.json!["user"] === user).toBe(true)
    connection.close()
  })
})

interface Delta {
  delta: { text: string }
}

interface Event {
  choices: { delta: { content: string } }[]
}
