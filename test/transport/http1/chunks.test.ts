import { expect, test } from "bun:test"
import { ChunkReader } from "../../../src/transport/http1/chunks.ts"

const FIRST = "data: one\r\n\r\n5\r\n"
const CHUNKS = ["a", FIRST, "x".repeat(300), "0\r\n\r\n"]
const frame = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const LAST = "0\r\n\r\n"

/** What is read of these pieces, and how many bytes behind the end were not. */
function read(pieces: readonly string[]) {
  const reader = new ChunkReader()
  let text = ""
  let behind = 0
  for (const piece of pieces) {
    const bytes = Buffer.from(piece)
    reader.push(bytes)
    text += bytes.toString("latin1", reader.from, reader.to)
    if (reader.done) behind += bytes.length - reader.used
  }
  return { text, done: reader.done, behind }
}

const WHOLE = { text: CHUNKS.join(""), done: true, behind: 0 }

test("chunks are read the same one by one, all at once, and cut anywhere", () => {
  const framed = CHUNKS.map(frame)
  expect(read([...framed, LAST])).toEqual(WHOLE)
  expect(read([framed.join("") + LAST])).toEqual(WHOLE)
  const all = framed.join("") + LAST
  for (let cut = 1; cut < all.length; cut++) {
    expect(read([all.slice(0, cut), all.slice(cut)])).toEqual(WHOLE)
  }
})

test.each([
  ["a size in capitals, with zeros", `00A\r\n${"x".repeat(10)}\r\n`],
  ["a size with an extension", `a;one=two\r\n${"x".repeat(10)}\r\n`],
  ["a size of more digits than any piece has", `00000000a\r\n${"x".repeat(10)}\r\n`],
])("a piece that is one chunk is read whatever is odd about it: %s", (_what, chunk) => {
  expect(read([frame("before"), chunk, frame("behind"), LAST]).text).toBe(
    `before${"x".repeat(10)}behind`,
  )
})

test.each([
  ["its end is none", "5\r\nhelloXX"],
  ["its size is too small", "4\r\nhello\r\n"],
  ["its size is none", "\r\nhello\r\n"],
  ["its line ends with one character", "5\nhello\r\n"],
])("a piece that looks like one chunk is refused where %s", (_why, piece) => {
  expect(() => read([frame("before"), piece])).toThrow()
})
