import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../../src/core/error.ts"
import { ARRAY, SIZES, STREAM, chunk, chunksOf, sse, upstream } from "./support.ts"

function relay(text: string | Uint8Array, size: number, at = STREAM) {
  const stream = upstream.relayStream("chat", {} as never, {
    head: at,
    requestId: "r",
    capabilities: {},
  })
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  const phases = new Set<string>([stream.phase])
  for (let i = 0; i < bytes.length; i += size) {
    const part = stream.push(bytes.subarray(i, i + Math.min(size, bytes.length)))
    if (part) out.push(Buffer.from(part))
    phases.add(stream.phase)
  }
  const rest = stream.end()
  if (rest) out.push(Buffer.from(rest))
  return { stream, text: Buffer.concat(out).toString(), phases: [...phases] }
}

const counts = (output: number) => ({
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: output, totalTokenCount: 7 + output },
})
const text = (words: string, more: object = {}, rest: object = {}) =>
  chunk([{ text: words }], more, rest)
const LAST = text("", { finishReason: "STOP" }, counts(5))
const GOOD = sse(text("日本 😀", {}, counts(1)), text('"finishReason" {'), LAST)

for (const size of SIZES) {
  describe(`in chunks of ${size}`, () => {
    // Case 53.
    test("every byte goes through, and the last usage is read", () => {
      for (const stream of [GOOD, `: hi\r\n\r\n${GOOD}`, GOOD.replaceAll("\r\n", "\n")]) {
        const { stream: followed, text: out } = relay(stream, size)
        expect(out).toBe(stream)
        expect(followed.phase).toBe("complete")
        expect(followed.usage).toEqual({
          input: 7,
          output: 5,
          cacheRead: 0,
          cacheWrite: 0,
          reasoning: 0,
        })
      }
    })

    test("a client of arrays gets the same chunks as one", () => {
      const { text: out, stream } = relay(GOOD, size, ARRAY)
      expect(JSON.parse(out)).toEqual(chunksOf(GOOD.replaceAll("\r\n", "\n")))
      expect(stream.phase).toBe("complete")
    })

    test("an upstream that answers with an array is understood", () => {
      const chunks = chunksOf(GOOD.replaceAll("\r\n", "\n"))
      const array = JSON.stringify(chunks, null, 1)
      expect(chunksOf(relay(array, size).text)).toEqual(chunks)
      expect(JSON.parse(relay(array, size, ARRAY).text)).toEqual(chunks)
    })

    // Case 79.
    test("a stream without a finish reason was cut off", () => {
      const { stream, text: out } = relay(sse(text("a", {}, counts(1))), size)
      expect(out).toBe(sse(text("a", {}, counts(1))))
      expect(stream.phase).toBe("failed")
      expect(stream.error!.kind).toBe("upstream-truncated")
      expect(stream.usage!.output).toBe(1)
    })

    test("a stream that is cut off anywhere has no half event, and then its error", () => {
      const bytes = Buffer.from(GOOD)
      for (let cut = 1; cut < bytes.length; cut++) {
        const part = bytes.subarray(0, cut)
        const told = part.includes("usageMetadata") && part.lastIndexOf("\r\n\r\n") > 0
        for (const at of [STREAM, ARRAY]) {
          const { stream, text: out } = relay(part, size, at)
          const failed = stream.phase === "failed"
          const error = failed ? Buffer.from(stream.fail!(stream.error!, "r")).toString() : ""
          const lines = (out + error).replace(/\r\n?/g, "\n").replace(/\n{3,}/g, "\n\n")
          const seen = at === ARRAY ? JSON.parse(out + error) : chunksOf(lines)
          expect(seen.filter(({ error }: { error?: object }) => error).length).toBe(failed ? 1 : 0)
          if (told) expect(stream.usage).toBeDefined()
        }
      }
    })

    test("an event that is no JSON ends it", () => {
      const broken = `data: {"candidates":[{"content":{"parts":[{"te\r\n\r\n`
      for (const at of [STREAM, ARRAY]) {
        const { stream } = relay(sse(text("a", {}, counts(1))) + broken + sse(LAST), size, at)
        expect(stream.error!.kind).toBe("upstream-invalid")
        expect(stream.usage!.output).toBe(1)
      }
    })

    // Case 80: clients do not see an error that is wrapped in an array.
    test("an error in an array is taken out of it", () => {
      const error = { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" }
      const { stream, text: out } = relay(sse(text("a"), [{ error }], LAST), size)
      expect(out).toBe(sse(text("a")))
      expect(stream.error!.detail.reason).toBe("overloaded")
      const end = Buffer.from(stream.fail!(stream.error!, "r")).toString()
      expect(chunksOf(end)[0].error).toMatchObject({ code: 503, status: "UNAVAILABLE" })
    })

    test("a blocked prompt is a whole answer", () => {
      const { stream, phases } = relay(
        sse({ promptFeedback: { blockReason: "SAFETY" }, ...counts(0) }),
        size,
      )
      expect(phases).not.toContain("failed")
      expect(stream.phase).toBe("complete")
    })
  })
}

describe("a relayed stream", () => {
  test("is at its content with the first part that says something", () => {
    const { stream, phases } = relay(sse(text(""), { modelVersion: "x" }), 7)
    expect(phases).toEqual(["prelude"])
    expect(stream.error!.message).toContain("before any content")
    expect(stream.progress).toBe(0)
    for (const part of [
      { functionCall: { name: "f" } },
      { text: "", thoughtSignature: "A" },
      { inlineData: { data: "" } },
    ]) {
      expect(relay(sse(chunk([part])), 7).phases).toContain("content")
    }
  })

  test("gets the blank line that its last event lacks, and loses a foreign end mark", () => {
    expect(relay(GOOD.trimEnd(), 7).text).toBe(`${GOOD.trimEnd()}\n\n`)
    expect(relay(`${GOOD}data: [DONE]\n\n`, 7).text).toBe(GOOD)
  })

  test("needs the end of every candidate", () => {
    const both = (index: number, more = {}) => ({
      candidates: [{ index, content: { parts: [{ text: "a" }] }, ...more }],
    })
    const stop = { finishReason: "STOP" }
    expect(relay(sse(both(0), both(1), both(0, stop)), 7).stream.phase).toBe("failed")
    expect(relay(sse(both(0), both(1), both(0, stop), both(1, stop)), 7).stream.phase).toBe(
      "complete",
    )
  })

  test("that fails is a whole array for a client of arrays", () => {
    const error = new GatewayError("upstream-timeout", "Too slow.")
    const fresh = upstream.relayStream("chat", {} as never, {
      head: ARRAY,
      requestId: "r",
      capabilities: {},
    })
    const begun = Buffer.from(fresh.push(Buffer.from(sse(text("a"))))!).toString()
    const all = JSON.parse(begun + Buffer.from(fresh.fail!(error, "r")).toString())
    expect(all[1].error).toMatchObject({ code: 504, status: "DEADLINE_EXCEEDED" })
  })

  test("with nonsense in it fails", () => {
    expect(relay("data: <html>\n\n", 7).stream.error!.kind).toBe("upstream-invalid")
  })
})

describe("a whole answer", () => {
  const inspect = (body: string, operation: "chat" | "count-tokens" | "embeddings" = "chat") =>
    upstream.inspectAnswer(operation, Buffer.from(body))

  test("has usage, also where the prompt was blocked", () => {
    expect(inspect(JSON.stringify(LAST)).usage!.output).toBe(5)
    expect(inspect('{"promptFeedback":{"blockReason":"SAFETY"}}').usage).toBeUndefined()
    expect(inspect('{"totalTokens":3}', "count-tokens").usage).toBeUndefined()
    expect(inspect('{"embedding":{"values":[1]}}', "embeddings").usage).toBeUndefined()
  })

  test.each([
    ["", "no JSON"],
    ["{}", "without an answer"],
    ['{"usageMetadata":{}}', "without an answer"],
    ['"x"', "no JSON object"],
    ['{"error":{"code":429,"message":"slow"}}', "slow"],
    ['[{"error":{"code":429,"message":"slow"}}]', "slow"],
  ])("%p is none", (body, message) => {
    expect(() => inspect(body)).toThrow(message)
  })
})
