import { expect, test } from "bun:test"
import { connect } from "node:net"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"

const use = closing()
const BLOCK = 64 * 1024
/** Far more than sockets, and whoever stands between, may hold. */
const BLOCKS = 1024

/** An upstream that streams so many blocks of text, as fast as they are taken. */
async function generous(model: { event(text: string): string; end: string }) {
  const block = Buffer.from(model.event("x".repeat(BLOCK)))
  const state = { sent: 0, left: false }
  const server = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream(
          {
            pull(controller) {
              if (state.sent++ < BLOCKS) controller.enqueue(block)
              else {
                controller.enqueue(Buffer.from(model.end))
                controller.close()
              }
            },
            cancel() {
              state.left = true
            },
          },
          { highWaterMark: 0 },
        ),
        { headers: { "content-type": "text/event-stream" } },
      ),
  })
  await use(Promise.resolve({ close: () => server.stop(true) }))
  return { state, url: `http://127.0.0.1:${server.port}/v1` }
}

const CHAT = {
  event: (content: string) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
  end: `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`,
}

const REQUESTS = {
  relayed: ["/v1/chat/completions", {}, "[DONE]"],
  translated: ["/v1/messages", { max_tokens: 10 }, "message_stop"],
} as const

/** A client that has got the first bytes of a stream and then reads nothing, and its router. */
async function stalled(how: keyof typeof REQUESTS) {
  const { state, url } = await generous(CHAT)
  const timeouts = { stall: "200ms" }
  const router = await use(
    startRouter(overUpstreams([{ url, timeouts }], { server: { keepAlive: "50ms" } })),
  )
  const [path, rest, ending] = REQUESTS[how]
  const body = JSON.stringify({
    model: "g",
    stream: true,
    messages: [{ role: "user", content: "hi" }],
    ...rest,
  })
  const client = connect(Number(new URL(router.url).port), "127.0.0.1")
  let texts = 0
  let tail = ""
  client.on("data", (bytes) => {
    const text = bytes.toString("latin1")
    texts += text.match(/x/g)?.length ?? 0
    tail = (tail + text).slice(-2000)
  })
  client.write(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await until(() => texts > 1000)
  client.pause()
  // It has stopped when the count no longer grows, for longer than an upstream may be silent.
  let before = -1
  await until(async () => {
    const stopped = state.sent === before
    before = state.sent
    await Bun.sleep(500)
    return stopped
  })
  return { state, router, client, ending, texts: () => texts, tail: () => tail }
}

test.each(["relayed", "translated"] as const)(
  "a client that stalls makes its upstream wait, and then gets all of it: %s",
  async (how) => {
    const { state, router, client, ending, texts, tail } = await stalled(how)
    expect(state.sent).toBeLessThan(BLOCKS / 2)
    client.resume()
    await until(() => tail().endsWith("0\r\n\r\n"), 20_000)
    expect(texts()).toBeGreaterThanOrEqual(BLOCKS * BLOCK)
    expect(tail()).toContain(ending)
    client.destroy()
    // The time was the client's: no stall of the upstream.
    expect(await router.rows()).toMatchObject([{ status: 200, error: null }])
  },
)

test.each(["relayed", "translated"] as const)(
  "a client that stalls and leaves takes its upstream's request with it: %s",
  async (how) => {
    const { state, router, client } = await stalled(how)
    client.destroy()
    await until(() => state.left)
    await until(async () => (await router.rows()).length === 1)
    expect(await router.rows()).toMatchObject([{ status: 499, error: "client-gone" }])
  },
)
