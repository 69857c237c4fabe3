import { describe, expect, test } from "bun:test"
import type { Decoding, StreamDecoder } from "../../src/core/protocol.ts"
import { createTranslation } from "../../src/gateway/translation.ts"
import { ingress } from "../../src/protocols/anthropic-messages/ingress.ts"
import { upstream } from "../../src/protocols/openai-chat/upstream.ts"
import { handOn } from "../support/hand-on.ts"
import { contextOf } from "../protocols/anthropic-messages/make.ts"

const DECODING: Decoding = { family: "", names: new Map(), custom: new Set() }

/** Bytes of each piece; 0 is event by event, as most upstreams send. */
const SIZES = [0, 1, 2, 3, 7, 64, 200, Number.POSITIVE_INFINITY]

function chunk(delta: object, finish: string | null = null, rest: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: "chatcmpl-1", model: "m", choices, ...rest })}\n\n`
}

const says = (...words: string[]) => words.map((content) => chunk({ content })).join("")
const CALL = { index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }
const END = `${chunk({}, "stop")}data: [DONE]\n\n`

const STREAMS: Record<string, string> = {
  "nothing but words": says("Hello", " world", ",", " how", " are", " you", "?"),
  "words that are written in several ways": says(
    ...["a", "b", ' "quoted"', "\n", "c", " naïve", " 日本語 🚀", "", "d", "\\", "e", "\u007f"],
  ),
  "escapes that need not be": says("a", "b", "c").replace('"c"', '"\\u0063\\/"') + says("d"),
  "escapes of all kinds": says("a", "b", ...'\b\f\n\r\t"\\', "\u0001", "a\\nb\n", "\u2028", "c"),
  "characters of all lengths": says("a", "b", "\u007fé", "߿ࠀ퟿￿", "\ufeff", "𐀀\u{10ffff}", "c"),
  "thoughts before the words": chunk({ reasoning_content: "hm" }) + says("a", "b", "c"),
  "a call between words": says("a", "b") + chunk({ tool_calls: [CALL] }) + says("c", "d", "e"),
  "comments between words": says("a", "b").replaceAll("data", ": ping\n\ndata") + says("c", "d"),
  "tags of thoughts": says("<think>", "hm", "</think>", "\n\n", "a", "<think>", "b"),
  "pages that are cited at the end":
    says("So", " [1]", " it", " is", " [", "2", "]") +
    chunk({ content: "." }, null, { citations: ["https://a.example", "https://b.example"] }),
}

/** Without what is asked here, so that each event goes through the canonical model. */
function asked({ push, end }: Pick<StreamDecoder, "push" | "end">): StreamDecoder {
  return { push, end }
}

function piecesOf(stream: string, size: number, encoding: BufferEncoding): Buffer[] {
  if (size === 0) return stream.split(/(?<=\n\n)/).map((event) => Buffer.from(event, encoding))
  const bytes = Buffer.from(stream, encoding)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

/** The stream as it goes on. */
function translate(
  stream: string,
  size: number,
  {
    retells = true,
    decoding = DECODING,
    encoding = "utf8" as BufferEncoding,
    limit = Infinity,
  } = {},
) {
  const decoder = upstream.chat!.createDecoder(decoding)
  const relay = createTranslation(
    retells ? decoder : asked({ push: (bytes) => decoder.push(bytes), end: () => decoder.end() }),
    ingress.chat!.createStream(contextOf({})),
    limit,
  )
  const out: Uint8Array[] = []
  let retold = 0
  for (const piece of piecesOf(stream, size, encoding)) if (handOn(relay, piece, out)) retold++
  out.push(relay.end() ?? Buffer.alloc(0))
  const { phase, progress, usage, error } = relay
  return { result: { text: Buffer.concat(out).toString(), phase, progress, usage, error }, retold }
}

describe("words that are told on byte by byte are what they would have been otherwise", () => {
  for (const [what, stream] of Object.entries(STREAMS)) {
    for (const thinkTags of [false, true]) {
      test.each(SIZES)(`${what}${thinkTags ? ", without tags" : ""}, in pieces of %d`, (size) => {
        const decoding = { ...DECODING, thinkTags }
        const { result } = translate(stream + END, size, { decoding })
        expect(result).toEqual(translate(stream + END, size, { decoding, retells: false }).result)
        expect(result.phase).toBe("complete")
      })
    }
  }

  // https://www.rfc-editor.org/rfc/rfc3629#section-10
  test.each([
    "80",
    "c0af",
    "c3",
    "e08080",
    "eda080",
    "efbf",
    "f0808080",
    "f4908080",
    "f5808080",
    "ff",
  ])("also where they are no UTF-8: %s", (hex) => {
    const stream = says("a", "b", "~", "c").replace("~", Buffer.from(hex, "hex").toString("latin1"))
    const { result } = translate(stream + END, 0, { encoding: "latin1" })
    expect(result).toEqual(
      translate(stream + END, 0, { encoding: "latin1", retells: false }).result,
    )
    expect(result.text).toContain("\ufffd")
  })

  test("also where the stream breaks off", () => {
    const stream = says("a", "b", "c", "d")
    const { result } = translate(stream, 0)
    expect(result).toEqual(translate(stream, 0, { retells: false }).result)
    expect(result.phase).toBe("failed")
  })
})

describe("words are told on so", () => {
  test("from the second event of a kind on, one or many at a time", () => {
    expect(translate(says(...new Array(100).fill(" word")) + END, 0).retold).toBe(99)
    const batch = says(...new Array(10).fill(" word"))
    const { retold, result } = translate(batch.repeat(10) + END, batch.length)
    expect(retold).toBe(9)
    expect(result.progress).toBe(101)
  })

  test("whatever they say, where there is one way to spell it", () => {
    const { retold, result } = translate(STREAMS["escapes of all kinds"]! + END, 0)
    expect(result.text).toContain('"text":"\\u0001"')
    // The first, and the one that has two spellings.
    expect(retold).toBe(11)
    expect(translate(STREAMS["characters of all lengths"]! + END, 0).retold).toBe(6)
  })

  test("behind words that are not, and behind thoughts", () => {
    expect(translate(says("a", "\u0001", "b", "c") + END, 0).retold).toBe(2)
    expect(translate(STREAMS["thoughts before the words"]! + END, 0).retold).toBe(2)
  })

  test("but not where they may turn out to be thoughts", () => {
    const decoding = { ...DECODING, thinkTags: true }
    expect(translate(says("<think>", "a", "b", "c") + END, 0, { decoding }).retold).toBe(0)
    expect(translate(says("So", " it", " is") + END, 0, { decoding }).retold).toBe(2)
  })
})

test.each([true, false])("a text that is larger than may be held ends so: retold %p", (retells) => {
  const words = says(...new Array(1000).fill("ten bytes!"))
  const told = (limit: number) => translate(words + END, 0, { retells, limit }).result
  expect(told(1_000_000).phase).toBe("complete")
  const { phase, error, progress } = told(5000)
  expect(phase).toBe("failed")
  expect(error?.detail.code).toBe("upstream_too_large")
  expect(progress).toBeLessThan(502)
})
