import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type Bed, startBed } from "./bed.ts"
import { chunks, question, request } from "./requests.ts"
import { verdictOf } from "./verdict.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

/** What would be a request if it were not a part of a body. */
const HIDDEN = request({ body: question("hidden") }).toString("latin1")
const BODIES: Record<string, string> = {
  "a whole request": HIDDEN,
  "a request behind an end of chunks": `0\r\n\r\n${HIDDEN}`,
  "a request in a chunk": chunks(HIDDEN, 1000),
  "a request behind a chunk": `1\r\na\r\n0\r\n\r\n${HIDDEN}`,
  "a request behind a question": question() + HIDDEN,
  "a request behind line ends": `\r\n\r\n${HIDDEN}`,
}

/** Ways to say where a body of so many bytes ends, on which two servers may not agree. */
const FRAMINGS: Record<string, (size: number) => readonly string[]> = {
  "a length and chunks": (size) => [`content-length: ${size}`, "transfer-encoding: chunked"],
  "chunks and a length": (size) => ["transfer-encoding: chunked", `content-length: ${size}`],
  "a short length and chunks": () => ["content-length: 4", "transfer-encoding: chunked"],
  "no length and chunks": () => ["content-length: 0", "transfer-encoding: chunked"],
  "chunks in capitals": (size) => [`content-length: ${size}`, "TRANSFER-ENCODING: CHUNKED"],
  "chunks behind a tab": (size) => [`content-length: ${size}`, "transfer-encoding:\tchunked"],
  "chunks behind a vertical tab": (size) => [
    ...[`content-length: ${size}`, "transfer-encoding: \x0bchunked"],
  ],
  "chunks behind a blank name": (size) => [
    ...[`content-length: ${size}`, "transfer-encoding : chunked"],
  ],
  "chunks on a second line": (size) => [
    ...[`content-length: ${size}`, "transfer-encoding:", " chunked"],
  ],
  "chunks behind a return": (size) => [
    `content-length: ${size}`,
    "x: y\rtransfer-encoding: chunked",
  ],
  "chunks behind a line feed": (size) => [
    ...[`content-length: ${size}`, "x: y\ntransfer-encoding: chunked"],
  ],
  "chunks behind a NUL": (size) => [`content-length: ${size}`, "x: y\0transfer-encoding: chunked"],
  "another encoding": (size) => [`content-length: ${size}`, "transfer-encoding: x"],
  "an encoding that is none": (size) => [`content-length: ${size}`, "transfer-encoding: identity"],
  "an empty encoding": (size) => [`content-length: ${size}`, "transfer-encoding:"],
  "two encodings": (size) => [
    ...[`content-length: ${size}`, "transfer-encoding: chunked", "transfer-encoding: x"],
  ],
  "two lengths": (size) => [`content-length: ${size}`, "content-length: 0"],
  "two lengths, the shorter first": (size) => ["content-length: 0", `content-length: ${size}`],
  "a list of lengths": (size) => [`content-length: 0, ${size}`],
  "a length twice": (size) => [`content-length: ${size}`, `content-length: ${size}`],
  "a length with a sign": (size) => [`content-length: +${size}`],
  "a length in other digits": (size) => [`content-length: 0x${size.toString(16)}`],
  "a length of eight digits": (size) => [`content-length: ${String(size).padStart(8, "0")}`],
  "a length with a blank within": (size) => [`content-length: ${String(size).split("").join(" ")}`],
  "a length behind a blank name": (size) => [`content-length : ${size}`],
  "a length with an underscore": (size) => ["content_length: 0", `content-length: ${size}`],
  "a length on a second line": (size) => ["content-length:", ` ${size}`],
  "a negative length": () => ["content-length: -1"],
  "a length that comes round": (size) => [`content-length: ${2n ** 64n + BigInt(size)}`],
  "a length behind a line feed": (size) => [`content-length: 0\ncontent-length: ${size}`],
  "an upgrade": (size) => [`content-length: ${size}`, "connection: upgrade", "upgrade: h2c"],
  "an expectation": (size) => [`content-length: ${size}`, "expect: 100-continue"],
  "a coding": (size) => [`content-length: ${size}`, "content-encoding: gzip"],
}

const PLAIN = request()
const ODD = request({ framing: ["transfer-encoding: chunked"], body: chunks(question()) })

describe.each([
  ["on a new connection", undefined],
  ["behind a plain request", PLAIN],
  ["behind a request that is passed on", ODD],
] as const)("%s", (_, first) => {
  test.each(Object.entries(FRAMINGS))("%s hides no request", async (_, framing) => {
    for (const [name, body] of Object.entries(BODIES)) {
      for (const to of ["url", "inner"] as const) {
        const bytes = request({ framing: framing(body.length), body })
        const { answers, upstream } = await verdictOf(bed[to], bed, bytes, "POST", first)
        const asked = upstream.filter((text) => /"model":\s*"hidden"/.test(text)).length
        // What the body is within says nothing: nobody reads a question from it.
        expect({ name, to, answers: answers.length, asked }).toMatchObject({ name, to, asked: 0 })
        expect(answers.length).toBeLessThanOrEqual(1)
      }
    }
  })
})

test.each(["GET", "HEAD", "DELETE", "OPTIONS", "PUT"])(
  "a request of %s whose body is nobody's hides none",
  async (method) => {
    for (const first of [undefined, PLAIN, ODD]) {
      for (const target of ["/health/ready", "/v1/models", "/v1/nothing", "/v1/chat/completions"]) {
        const bytes = request({ method, target, body: HIDDEN })
        const front = await verdictOf(bed.url, bed, bytes, method, first)
        expect({ target, answers: front.answers.length, upstream: front.upstream }).toEqual({
          ...{ target, answers: 1, upstream: [] },
        })
      }
    }
  },
)

test("a body that is refused before it was read hides no request", async () => {
  const limited = await startBed({ limits: { body: "64b" } })
  try {
    for (const first of [undefined, request({ body: "{}" })]) {
      const bytes = request({ body: HIDDEN })
      const { answers, upstream } = await verdictOf(limited.url, limited, bytes, "POST", first)
      expect(answers.map((text) => text.slice(0, 3))).toEqual(["413"])
      expect(upstream).toEqual([])
    }
  } finally {
    await limited.close()
  }
})
