import { webStreamOf } from "../../support/byte-sources.ts"
import { describe, expect, test } from "bun:test"
import { type Piece, pacedStream } from "../../../src/providers/demo/pace.ts"
import { openDemo, outgoing } from "./call.ts"

const hello = (extra: object = {}) => ({
  model: "demo",
  messages: [{ role: "user", content: "hello" }],
  stream: true,
  ...extra,
})
const HOUR = { firstToken: "3600000", tokensPerSecond: "0" }

/** Endless pieces that say how many were taken and whether they were let go of. */
function counter() {
  const state = { taken: 0, released: false }
  function* pieces(): Generator<Piece> {
    try {
      for (;;) {
        state.taken++
        yield { text: "x".repeat(1000), tokens: 1 }
      }
    } finally {
      state.released = true
    }
  }
  return { state, pieces: pieces() }
}
const never = new AbortController().signal

describe("the pace", () => {
  test("makes nothing before the reader asks, and no more than it takes", async () => {
    const { state, pieces } = counter()
    const reader = pacedStream(pieces, { firstToken: 0, tokensPerSecond: 0 }, never)
    expect(state.taken).toBe(0)
    await reader.read()
    const after = state.taken
    expect(after).toBeWithin(1, 20)
    await reader.read()
    expect(state.taken).toBeLessThanOrEqual(2 * after)
    reader.cancel()
    expect(state.released).toBe(true)
  })

  test("hands pieces over one by one when it is slow", async () => {
    const { pieces } = counter()
    // So slow that a second piece would take longer than any machine is held up.
    const reader = pacedStream(pieces, { firstToken: 1, tokensPerSecond: 0.1 }, never)
    expect(await reader.read()).toHaveLength(1000)
    reader.cancel()
  })

  test("ends at once when the reader cancels in the middle of a pause", async () => {
    const { state, pieces } = counter()
    const reader = pacedStream(pieces, { firstToken: 0, tokensPerSecond: 0.001 }, never)
    await reader.read()
    const pending = reader.read()
    reader.cancel()
    expect(await pending).toBeUndefined()
    expect(state.released).toBe(true)
    expect(state.taken).toBeLessThanOrEqual(2)
  })

  test("ends at once when the signal aborts in the middle of a pause", async () => {
    const { state, pieces } = counter()
    const gone = new AbortController()
    const reader = pacedStream(pieces, { firstToken: 0, tokensPerSecond: 0.001 }, gone.signal)
    await reader.read()
    const pending = reader.read()
    gone.abort(new Error("the client left"))
    await expect(pending).rejects.toThrow("the client left")
    expect(state.released).toBe(true)
  })

  test("is taken from the provider's options, and an abort ends the wait for the first token", async () => {
    for (const stream of [true, false]) {
      const gone = new AbortController()
      const answer = openDemo(HOUR)(outgoing("/chat/completions", hello({ stream }), gone.signal))
      const text = answer.then(({ body }) => new Response(webStreamOf(body)).text())
      expect(await Promise.race([text, Promise.resolve("not yet")])).toBe("not yet")
      gone.abort(new Error("enough"))
      await expect(text).rejects.toThrow("enough")
    }
  })

  test("does not hold errors, the model list or demo-fast up", async () => {
    const send = openDemo(HOUR)
    const wrong = await send(outgoing("/chat/completions", { model: "demo" }))
    expect(wrong.status).toBe(400)
    expect((await send(outgoing("/models"))).status).toBe(200)
    const quick = await send(outgoing("/chat/completions", hello({ model: "demo-fast" })))
    expect(await new Response(webStreamOf(quick.body)).text()).toEndWith("data: [DONE]\n\n")
  })

  test("that is no number is refused when the provider is opened", () => {
    expect(() => openDemo({ tokensPerSecond: "fast" })).toThrow(
      'providers.demo.tokensPerSecond is "fast"; write a number from 0, such as "60"',
    )
    expect(() => openDemo({ firstToken: "-1" })).toThrow("providers.demo.firstToken")
  })
})
