import { describe, expect, test } from "bun:test"
import { handOn } from "../../support/hand-on.ts"
import { createStreamRelay } from "../../../src/protocols/openai-chat/stream.ts"

const SIZES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const chunk = (delta: object, finish: string | null = null) =>
  event({ id: "c", choices: [{ index: 0, delta, finish_reason: finish }] })
const ROLE = chunk({ role: "assistant", content: "" })
const STOP = chunk({}, "stop")
const USAGE = event({
  id: "c",
  choices: [],
  usage: {
    prompt_tokens: 7,
    completion_tokens: 5,
    total_tokens: 12,
    prompt_tokens_details: { cached_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 2 },
  },
})
const DONE = "data: [DONE]\n\n"

function relay(text: string, size: number, dropUsage = false) {
  const stream = createStreamRelay(dropUsage)
  const bytes = Buffer.from(text)
  const out: Uint8Array[] = []
  const phases = new Set<string>([stream.phase])
  for (let i = 0; i < bytes.length; i += size) {
    handOn(stream, bytes.subarray(i, i + Math.min(size, bytes.length)), out)
    phases.add(stream.phase)
  }
  const rest = stream.end()
  if (rest) out.push(Buffer.from(rest))
  return { stream, text: Buffer.concat(out).toString(), phases: [...phases] }
}

for (const size of SIZES) {
  describe(`in chunks of ${size}`, () => {
    test("every byte of a good stream goes through, and its usage is read", () => {
      const text = `: hello\n\n${ROLE}${chunk({ content: "日本 😀" })}${STOP}${USAGE}${DONE}`
      const { stream, text: out } = relay(text, size)
      expect(out).toBe(text)
      expect(stream.phase).toBe("complete")
      expect(stream.usage).toEqual({
        input: 7,
        output: 5,
        cacheRead: 3,
        cacheWrite: 0,
        reasoning: 2,
      })
    })

    test("the usage event that the caller did not ask for is taken out, and no other", () => {
      const text = `${ROLE}${chunk({ content: "a" })}${STOP}${USAGE}${DONE}`
      const { stream, text: out } = relay(text, size, true)
      expect(out).toBe(text.replace(USAGE, ""))
      expect(stream.usage?.input).toBe(7)
    })

    test("line ends of any kind are kept", () => {
      const text = `${ROLE}${chunk({ content: "a" })}${STOP}${DONE}`.replaceAll("\n", "\r\n")
      expect(relay(text, size).text).toBe(text)
      expect(relay(text, size).stream.phase).toBe("complete")
    })

    test("a role, comments and pings are no content", () => {
      const { stream } = relay(`: ping\n\n${ROLE}event: ping\ndata:\n\n`, size)
      expect(stream.phase).toBe("failed")
      expect(stream.error?.kind).toBe("upstream-truncated")
      expect(stream.progress).toBe(0)
    })

    test.each([
      ["text", { content: "x" }],
      ["reasoning", { reasoning_content: "hm" }],
      ["a refusal", { refusal: "no" }],
      [
        "a tool call",
        { tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: "" } }] },
      ],
      ["audio", { audio: { data: "AA" } }],
    ])("%s is content", (_name, delta) => {
      const { phases } = relay(ROLE + chunk(delta) + STOP + DONE, size)
      expect(phases).toContain(size === Number.POSITIVE_INFINITY ? "complete" : "content")
    })

    test("comments after content are no progress", () => {
      const stream = createStreamRelay(false)
      stream.push(Buffer.from(ROLE + chunk({ content: "a" })))
      const { progress } = stream
      stream.push(Buffer.from(": ping\n\n"))
      expect(stream.progress).toBe(progress)
    })

    test("an error before content fails the attempt with its kind", () => {
      const { stream, text } = relay(
        ROLE + event({ error: { message: "busy", code: "rate_limit_exceeded" } }),
        size,
      )
      expect(stream.phase).toBe("failed")
      expect(stream.error?.kind).toBe("upstream-rate-limited")
      expect(text).not.toContain("busy")
    })

    test("an error after content keeps the content and ends the stream", () => {
      const good = ROLE + chunk({ content: "a" })
      const { stream, text } = relay(`${good}${event({ error: { message: "gone" } })}${STOP}`, size)
      expect(text).toBe(good)
      expect(stream.error?.message).toBe("gone")
    })

    test("a stream that ends without a finish reason is cut off, never completed", () => {
      const good = ROLE + chunk({ content: "a" })
      const { stream, text } = relay(good, size)
      expect(text).toBe(good)
      expect(stream.phase).toBe("failed")
      expect(stream.error?.kind).toBe("upstream-truncated")
    })

    test("a finish reason without [DONE] is completed with it", () => {
      const good = ROLE + chunk({ content: "a" }) + STOP
      expect(relay(good, size).text).toBe(good + DONE)
      expect(relay(good, size).stream.phase).toBe("complete")
    })

    test("no choice is forgotten, however late it begins", () => {
      const of = (index: number, delta: object, finish: string | null = null) =>
        event({ id: "c", choices: [{ index, delta, finish_reason: finish }] })
      const spaced = (text: string) => text.replaceAll('":', '": ')
      const begun = of(1, { content: "a" }) + of(1, { content: "b" }) + of(0, { content: "c" })
      const half = `${begun}${of(1, {}, "stop")}${of(0, { content: "half" })}`
      for (const good of [half, spaced(half)]) {
        const { stream, text } = relay(good, size)
        expect(text).toBe(good)
        expect(stream.phase).toBe("failed")
        expect(stream.error?.kind).toBe("upstream-truncated")
        expect(relay(good + of(0, {}, "stop"), size).stream.phase).toBe("complete")
      }
    })

    test("usage and the end are seen whatever spaces are around a colon", () => {
      for (const colon of ['": ', '" :', '" : ', '"\t:\t']) {
        const spaced = (text: string) => text.replaceAll('":', colon)
        const good = spaced(ROLE + chunk({ content: "a" }) + chunk({ content: "b" }) + STOP + USAGE)
        const { stream, text } = relay(good, size)
        expect(text.startsWith(good)).toBe(true)
        expect(stream.phase).toBe("complete")
        expect(stream.usage?.output).toBe(5)
      }
    })

    test("a choice that has ended stays so, whatever comes behind", () => {
      const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }
      const behind = { id: "c", choices: [{ index: 0, delta: {}, finish_reason: null }], usage }
      const good = ROLE + chunk({ content: "a" }) + STOP + event(behind)
      expect(relay(good, size).stream.phase).toBe("complete")
    })

    test("[DONE] without its blank line still counts", () => {
      const good = ROLE + chunk({ content: "a" }) + STOP
      const { stream, text } = relay(`${good}data: [DONE]`, size)
      expect(stream.phase).toBe("complete")
      expect(text).toBe(good + DONE)
    })

    test("what follows [DONE] is dropped", () => {
      const good = ROLE + chunk({ content: "a" }) + STOP + DONE
      expect(relay(good + DONE + chunk({ content: "more" }), size).text).toBe(good)
    })

    test("half an event fails the stream, also when it comes by itself", () => {
      const half = 'data: {"id":"c","choices":[{"index":0,"delta":{"cont\n\n'
      const stream = createStreamRelay(false)
      stream.push(Buffer.from(ROLE + chunk({ content: "a" })))
      stream.push(Buffer.from(half))
      expect(stream.phase).toBe("failed")
      expect(stream.error?.kind).toBe("upstream-invalid")
    })

    test("an event that is no JSON fails the stream", () => {
      const { stream } = relay(`${ROLE}data: {"choices":[\n\n`, size)
      expect(stream.error?.kind).toBe("upstream-invalid")
    })

    test("text that looks like events or marks stays text", () => {
      const tricky = '\n\ndata: [DONE]\n\n "usage":{"prompt_tokens":999} "error" \u2028'
      const text = ROLE + chunk({ content: tricky }) + chunk({ content: "b" }) + STOP + DONE
      const { stream, text: out } = relay(text, size)
      expect(out).toBe(text)
      expect(stream.usage).toBeUndefined()
      expect(stream.phase).toBe("complete")
    })

    test("typed events of images and audio are content, and end with their own last event", () => {
      const text = `${event({ type: "speech.audio.delta", audio: "AA" })}${event({
        type: "speech.audio.done",
        usage: { input_tokens: 4, output_tokens: 9, total_tokens: 13 },
      })}`
      const { stream } = relay(text, size)
      expect(stream.phase).toBe("complete")
      expect(stream.usage?.output).toBe(9)
    })
  })
}

test("legacy completions carry their text in the choice", () => {
  const text = `${event({ choices: [{ index: 0, text: "hi", finish_reason: null }] })}${event({
    choices: [{ index: 0, text: "", finish_reason: "length" }],
  })}${DONE}`
  expect(relay(text, 7).text).toBe(text)
  expect(relay(text, 7).stream.phase).toBe("complete")
})
