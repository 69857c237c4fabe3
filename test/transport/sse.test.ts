import { describe, expect, test } from "bun:test"
import { SseCutter, splitEvents } from "../../src/transport/sse.ts"

const SIZES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]

const STREAMS = {
  "line feeds":
    'data: {"a":1}\n\n: comment\n\nevent: x\ndata: two\ndata: lines\n\ndata: [DONE]\n\n',
  "carriage returns and line feeds": "data: a\r\n\r\nid: 7\r\ndata: b\r\n\r\n",
  "carriage returns": "data: a\r\rdata: b\r\r",
  "mixed line ends": "data: a\n\r\ndata: b\r\n\ndata: c\n\n",
  "characters of several bytes": "data: 日本語 😀 é\n\ndata: \u{1F469}\u200D\u{1F4BB}\n\n",
  "no space after the colon": "data:a\n\ndata\n\n",
  "a byte order mark": "\ufeffdata: a\n\n",
}

function cut(text: string, size: number): { out: Buffer[]; rest: Buffer | undefined } {
  const cutter = new SseCutter()
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  for (let i = 0; i < bytes.length; i += size) {
    const block = cutter.push(bytes.subarray(i, i + Math.min(size, bytes.length)))
    if (block) out.push(Buffer.from(block))
  }
  return { out, rest: cutter.end() }
}

test("a carriage return ends a line also where others end with line feeds", () => {
  const block = Buffer.from("event: x\ndata: a\rdata: b\r\rdata: c\r\n\ndata: d\n\r\n")
  expect(splitEvents(block).map(({ data }) => data)).toEqual(["a\nb", "c", "d"])
})

describe("SseCutter", () => {
  for (const [name, text] of Object.entries(STREAMS)) {
    for (const size of SIZES) {
      test(`loses no byte and cuts only at blank lines: ${name}, chunks of ${size}`, () => {
        const { out, rest } = cut(text, size)
        expect(Buffer.concat([...out, ...(rest ? [rest] : [])]).toString()).toBe(text)
        const data = out.flatMap((block) => splitEvents(block)).flatMap(({ data }) => data ?? [])
        const whole = splitEvents(Buffer.from(text)).flatMap(({ data }) => data ?? [])
        expect(data).toEqual(whole)
        for (const block of out) expect(block.toString()).toMatch(/(\n\n|\n\r\n|\r\r|^\n)$/)
      })
    }
  }

  test("holds an event back until its blank line is there", () => {
    const cutter = new SseCutter()
    expect(cutter.push(Buffer.from("data: a\n"))).toBeUndefined()
    expect(cutter.push(Buffer.from("\ndata: b"))?.toString()).toBe("data: a\n\n")
    expect(cutter.end()?.toString()).toBe("data: b")
  })

  test("passes an event of 32 MB in pieces of 64 KB", () => {
    const big = Buffer.from(`data: ${"x".repeat(32 * 1024 * 1024)}\n\n`)
    const cutter = new SseCutter()
    let out = 0
    for (let i = 0; i < big.length; i += 65_536) {
      out += cutter.push(big.subarray(i, i + 65_536))?.length ?? 0
    }
    expect(out).toBe(big.length)
  })

  test("refuses an event beyond its limit", () => {
    const cutter = new SseCutter(100)
    expect(() => cutter.push(Buffer.from(`data: ${"x".repeat(200)}`))).toThrow(RangeError)
  })
})

describe("splitEvents", () => {
  test("joins data lines and keeps the bytes of every event", () => {
    const events = splitEvents(Buffer.from("data: a\ndata: b\n\n: hi\n\ndata: c"))
    expect(events.map(({ data }) => data)).toEqual(["a\nb", undefined, "c"])
    expect(events.map(({ bytes }) => bytes.toString())).toEqual([
      "data: a\ndata: b\n\n",
      ": hi\n\n",
      "data: c",
    ])
  })

  test("reads no other field as data", () => {
    const events = splitEvents(Buffer.from("database: 1\nevent: data\n\n"))
    expect(events.map(({ data }) => data)).toEqual([undefined])
  })
})
