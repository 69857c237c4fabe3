import { describe, expect, test } from "bun:test"
import { closing } from "../../support/cleanup.ts"
import { CHUNK_SIZES, outcomeOf, startClient, startScripted } from "./scripted.ts"

const using = closing()

const OK = "HTTP/1.1 200 OK\r\n"
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`
const invalid = "InvalidAnswer"
const cut = "ConnectionClosed"

/** What a server writes, how it goes on, and what the client has of it. */
type Case = [name: string, answer: string, outcome: string, then?: "fin" | "reset"]

const WHOLE: Case[] = [
  ["a length", `${OK}content-length: 5\r\n\r\nhello`, "200 hello"],
  ["no reason", "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", "200 ok"],
  ["an empty reason", "HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok", "200 ok"],
  ["blanks around values", `${OK}content-length: \t 2 \t\r\n\r\nok`, "200 ok"],
  ["names in capitals", `${OK}CONTENT-LENGTH: 2\r\n\r\nok`, "200 ok"],
  ["line feeds alone", "HTTP/1.1 200 OK\nx: 1\ncontent-length: 2\n\nok", "200 ok"],
  ["a length said twice", `${OK}content-length: 2\r\ncontent-length: 2\r\n\r\nok`, "200 ok"],
  ["no body at all", `${OK}content-length: 0\r\n\r\n`, "200 "],
  ["204, whatever its length", "HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n", "204 "],
  ["304 without a length", "HTTP/1.1 304 Same\r\n\r\n", "304 "],
  ["an error", "HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nno", "500 no"],
  [
    "a redirect, which is not followed",
    "HTTP/1.1 302 Go\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",
    "302 ",
  ],
  ["chunks", `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, "200 hello"],
  [
    "chunks in capitals",
    `${OK}Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    "200 0123456789",
  ],
  ["chunks with zeros", `${CHUNKED}0003\r\nhel\r\n00\r\n\r\n`, "200 hel"],
  [
    "chunks with extensions",
    `${CHUNKED}3;a=b;c="d"\r\nhel\r\n2 ;x\r\nlo\r\n0;end\r\n\r\n`,
    "200 hello",
  ],
  ["chunks with trailers", `${CHUNKED}5\r\nhello\r\n0\r\nx: 1\r\ny: 2\r\n\r\n`, "200 hello"],
  ["no chunk but the last", `${CHUNKED}0\r\n\r\n`, "200 "],
  [
    "chunks and a length, of which chunks count",
    `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    "200 hello",
  ],
  ["a body until the end", `${OK}\r\nhello`, "200 hello", "fin"],
  ["an empty body until the end", `${OK}\r\n`, "200 ", "fin"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "200 hello", "fin"],
  ["HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", "200 hello"],
  [
    "interim answers before",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
    "200 ok",
  ],
  ["a close right behind", `${OK}content-length: 5\r\n\r\nhello`, "200 hello", "fin"],
  ["a reset right behind", `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, "200 hello", "reset"],
]

const BROKEN: Case[] = [
  ["a length that is not reached", `${OK}content-length: 6\r\n\r\nhello`, `200 ${cut}`, "fin"],
  ["a reset in the body", `${OK}content-length: 6\r\n\r\nhello`, "200 ECONNRESET", "reset"],
  ["a reset in a body until the end", `${OK}\r\nhello`, "200 ECONNRESET", "reset"],
  ["no last chunk", `${CHUNKED}5\r\nhello\r\n`, `200 ${cut}`, "fin"],
  ["half a chunk", `${CHUNKED}5\r\nhe`, `200 ${cut}`, "fin"],
  ["half a last chunk", `${CHUNKED}5\r\nhello\r\n0\r\n`, `200 ${cut}`, "fin"],
  ["half a head", `${OK}content-le`, cut, "fin"],
  ["nothing", "", cut, "fin"],
  ["a reset before all", "", "ECONNRESET", "reset"],
  ["garbage", "hello there\r\n\r\n", invalid],
  ["another protocol", "SSH-2.0-x\r\n\r\n", invalid],
  ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", invalid],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", invalid],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", invalid],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", invalid],
  ["a status of letters", "HTTP/1.1 abc OK\r\n\r\n", invalid],
  ["a blank line first", `\r\n${OK}content-length: 0\r\n\r\n`, invalid],
  ["two lengths", `${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`, invalid],
  ["a list of lengths", `${OK}content-length: 2, 2\r\n\r\nok`, invalid],
  ["a negative length", `${OK}content-length: -2\r\n\r\nok`, invalid],
  ["a length with a sign", `${OK}content-length: +2\r\n\r\nok`, invalid],
  ["a hexadecimal length", `${OK}content-length: 0x2\r\n\r\nok`, invalid],
  ["a fraction of a length", `${OK}content-length: 2.0\r\n\r\nok`, invalid],
  ["an empty length", `${OK}content-length:\r\n\r\nok`, invalid],
  ["a huge length", `${OK}content-length: 99999999999999999999\r\n\r\nok`, invalid],
  ["another transfer coding", `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, invalid],
  [
    "chunks twice",
    `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    invalid,
  ],
  ["a chunk without a size", `${CHUNKED}\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a chunk with a bad size", `${CHUNKED}5g\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a chunk with a negative size", `${CHUNKED}-5\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a chunk with a prefix", `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a huge chunk", `${CHUNKED}fffffffffffffffff\r\nhello\r\n`, `200 ${invalid}`],
  ["a chunk that is longer than it says", `${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a chunk with a line feed alone", `${CHUNKED}5\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["a NUL in an extension", `${CHUNKED}5;\0\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  [
    "an endless extension",
    `${CHUNKED}5;${"x".repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
    `200 ${invalid}`,
  ],
  ["an endless size", `${CHUNKED}${"0".repeat(5000)}5\r\nhello\r\n0\r\n\r\n`, `200 ${invalid}`],
  ["endless trailers", `${CHUNKED}0\r\n${"x: y\r\n".repeat(4000)}\r\n`, `200 ${invalid}`],
  ["a control character in a trailer", `${CHUNKED}0\r\nx: \x01\r\n\r\n`, `200 ${invalid}`],
  ["a line that goes on", `${OK}x: a\r\n b\r\ncontent-length: 2\r\n\r\nok`, invalid],
  ["a blank before a colon", `${OK}content-length : 2\r\n\r\nok`, invalid],
  ["a header without a name", `${OK}: 2\r\n\r\nok`, invalid],
  ["a header without a colon", `${OK}hello\r\n\r\nok`, invalid],
  ["a NUL in a value", `${OK}x: a\0b\r\ncontent-length: 2\r\n\r\nok`, invalid],
  ["a NUL in a name", `${OK}x\0y: a\r\ncontent-length: 2\r\n\r\nok`, invalid],
  ["a bare carriage return", `${OK}x: a\rb: c\r\ncontent-length: 2\r\n\r\nok`, invalid],
  [
    "a control character in the reason",
    "HTTP/1.1 200 O\x07K\r\ncontent-length: 2\r\n\r\nok",
    invalid,
  ],
  ["a change of the protocol", "HTTP/1.1 101 Switch\r\nupgrade: x\r\n\r\n", invalid],
  ["interim answers without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100), invalid],
]

for (const size of CHUNK_SIZES) {
  const pieces = size === 0 ? "whole" : `in pieces of ${size}`
  describe(`an answer ${pieces} with`, () => {
    for (const [name, answer, outcome, then] of WHOLE) {
      test(`${name} is read`, async () => expect(await hear(answer, size, then)).toBe(outcome))
    }
    for (const [name, answer, outcome, then] of BROKEN) {
      test(`${name} is an error`, async () => expect(await hear(answer, size, then)).toBe(outcome))
    }
  })
}

async function hear(answer: string, size: number, then: Case[3]): Promise<string> {
  const server = await using(
    startScripted(async (connection) => {
      await connection.send(answer)
      if (then) await connection[then]()
    }, size),
  )
  return await outcomeOf(startClient().ask(server.url))
}

describe("a head", () => {
  const head = (fields: string) => `${OK}${fields}content-length: 2\r\n\r\nok`

  test("of a thousand lines is read", async () => {
    const fields = Array.from({ length: 1000 }, (_, n) => `x-${n}: ${n}\r\n`).join("")
    expect(await hear(head(fields), 0, undefined)).toBe("200 ok")
  })

  test.each([0, 1000])(
    "of 60 KB in one line is read, and one of more than 64 KB is not: %p",
    async (size) => {
      expect(await hear(head(`x: ${"y".repeat(60_000)}\r\n`), size, undefined)).toBe("200 ok")
      expect(await hear(head(`x: ${"y".repeat(66_000)}\r\n`), size, undefined)).toBe(invalid)
      expect(await hear(head("x: y\r\n".repeat(11_000)), size, undefined)).toBe(invalid)
    },
  )

  test("that has no end is given up beyond its limit", async () => {
    expect(await hear(`${OK}${"x: y\r\n".repeat(20_000)}`, 0, undefined)).toBe(invalid)
  })

  test("gives its values by name, joined where there are several, as Headers do", async () => {
    const server = await using(
      startScripted((connection) =>
        connection.send(
          `${OK}X-One:  a b \t\r\nx-two: 1\r\nX-TWO:2\r\nx-empty:\r\nx-latin: \xe9\r\ncontent-length: 0\r\n\r\n`,
        ),
      ),
    )
    const { headers } = await startClient().ask(server.url)
    expect(
      ["x-one", "x-two", "x-empty", "x-latin", "one", "x-on"].map((name) => headers.get(name)),
    ).toEqual(["a b", "1, 2", "", "é", null, null])
    expect([headers.has("x-two"), headers.has("two")]).toEqual([true, false])
    const all: Record<string, string> = {}
    headers.forEach((value, name) => {
      all[name] = value
    })
    expect(all).toEqual({
      "x-one": "a b",
      "x-two": "1, 2",
      "x-empty": "",
      "x-latin": "é",
      "content-length": "0",
    })
  })
})
