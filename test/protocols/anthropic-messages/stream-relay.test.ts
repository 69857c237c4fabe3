import { describe, expect, test } from "bun:test"
import { handOn } from "../../support/hand-on.ts"
import { createStreamRelay } from "../../../src/protocols/anthropic-messages/stream-relay.ts"
import { args, close, delta, open, PING, SIZES, sse, start, stopped, text } from "./make.ts"

const TEXT = open(0, { type: "text", text: "" })
const USAGE = {
  input_tokens: 10,
  cache_read_input_tokens: 4,
  cache_creation_input_tokens: 3,
  output_tokens: 1,
}
const ERROR = sse({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } } as {
  type: string
})

function relay(stream: string, size = Number.POSITIVE_INFINITY) {
  const relayed = createStreamRelay()
  const bytes = Buffer.from(stream)
  const out: Uint8Array[] = []
  const phases = new Set<string>([relayed.phase])
  for (let i = 0; i < bytes.length; i += size) {
    handOn(relayed, bytes.subarray(i, i + Math.min(size, bytes.length)), out)
    phases.add(relayed.phase)
  }
  const rest = relayed.end()
  if (rest) out.push(Buffer.from(rest))
  return { relayed, text: Buffer.concat(out).toString(), phases: [...phases] }
}

for (const size of SIZES) {
  describe(`a relayed stream in chunks of ${size}`, () => {
    test("goes through byte for byte, and its usage is read", () => {
      const whole =
        start(USAGE) +
        PING +
        TEXT +
        text(0, "日本 😀") +
        close(0) +
        stopped("end_turn", { output_tokens: 9, output_tokens_details: { thinking_tokens: 2 } })
      const { relayed, text: out } = relay(whole, size)
      expect(out).toBe(whole)
      expect(relayed.phase).toBe("complete")
      expect(relayed.usage).toEqual({
        input: 17,
        output: 9,
        cacheRead: 4,
        cacheWrite: 3,
        reasoning: 2,
      })
    })

    test("with CRLF and comments goes through, too", () => {
      const whole = `: hello\n\n${start()}${TEXT}${text(0, "a")}${close(0)}${stopped("end_turn")}`
      const crlf = whole.replaceAll("\n", "\r\n")
      const { relayed, text: out } = relay(crlf, size)
      expect(out).toBe(crlf)
      expect(relayed.phase).toBe("complete")
    })

    test("that fails before it says anything can still be moved to another upstream", () => {
      const { relayed, phases } = relay(start() + PING + TEXT + ERROR, size)
      expect(phases).toEqual(["prelude", "failed"])
      expect(relayed.error).toMatchObject({
        kind: "upstream-error",
        message: "Overloaded",
        detail: { reason: "overloaded", status: 529 },
      })
    })

    test("that fails later keeps what came before", () => {
      const good = start() + TEXT + text(0, "a")
      const { relayed, text: out } = relay(good + ERROR, size)
      expect(out).toBe(good)
      expect([relayed.phase, relayed.error?.kind]).toEqual(["failed", "upstream-error"])
      expect(relayed.usage?.input).toBe(12)
    })

    // Case 79.
    test("that is cut off is an error wherever that happens", () => {
      const whole = start() + TEXT + text(0, "a") + close(0) + stopped("end_turn")
      for (const part of [0.3, 0.5, 0.9]) {
        const { relayed, text: out } = relay(whole.slice(0, Math.floor(whole.length * part)), size)
        expect([relayed.phase, relayed.error?.kind]).toEqual(["failed", "upstream-truncated"])
        expect(whole.startsWith(out)).toBe(true)
        expect(out === "" || out.endsWith("\n\n")).toBe(true)
      }
    })

    test("may lack the blank line behind its end", () => {
      const whole = start() + TEXT + text(0, "a") + close(0) + stopped("end_turn")
      const { relayed, text: out } = relay(whole.slice(0, -2), size)
      expect(relayed.phase).toBe("complete")
      expect(out.trimEnd()).toBe(whole.trimEnd())
      expect(out.endsWith("\n\n")).toBe(true)
    })
  })
}

describe("the content of a relayed stream", () => {
  test("begins with the first word, call or reason to stop", () => {
    const phaseAfter = (stream: string) => {
      const relayed = createStreamRelay()
      relayed.push(Buffer.from(stream))
      return relayed.phase
    }
    expect(phaseAfter(start() + PING + TEXT)).toBe("prelude")
    expect(phaseAfter(start() + open(0, { type: "thinking", thinking: "", signature: "" }))).toBe(
      "prelude",
    )
    expect(phaseAfter(start() + open(0, { type: "tool_use", id: "t", name: "f", input: {} }))).toBe(
      "content",
    )
    expect(phaseAfter(start() + TEXT + text(0, "a"))).toBe("content")
    const refusal = stopped("refusal").split("\n\n")[0]!
    expect(phaseAfter(`${start()}${refusal}\n\n`)).toBe("content")
  })

  test("grows with every event but pings", () => {
    const relayed = createStreamRelay()
    const progress = [start(), TEXT, text(0, "a"), PING, PING, text(0, "b"), close(0)].map(
      (part) => {
        relayed.push(Buffer.from(part))
        return relayed.progress
      },
    )
    expect(progress).toEqual([0, 0, 1, 1, 1, 2, 3])
  })

  test("must not be missing", () => {
    const { relayed } = relay(start() + sse({ type: "message_stop" }))
    expect(relayed.error?.kind).toBe("upstream-truncated")
    expect(relay("").relayed.error?.kind).toBe("upstream-truncated")
  })

  test("that is no JSON is an error", () => {
    const { relayed } = relay("event: message_start\ndata: {oops\n\n")
    expect(relayed.error?.kind).toBe("upstream-invalid")
  })

  test("is counted once, however the server splits it", () => {
    const { relayed } = relay(
      start({ input_tokens: 1000, output_tokens: 0 }) +
        open(0, { type: "tool_use", id: "t", name: "f", input: {} }) +
        args(0, "{}") +
        delta(0, {}) +
        close(0) +
        stopped("tool_use", { input_tokens: 200, cache_read_input_tokens: 800, output_tokens: 7 }),
    )
    expect(relayed.usage).toMatchObject({ input: 1000, cacheRead: 800, output: 7 })
  })
})
