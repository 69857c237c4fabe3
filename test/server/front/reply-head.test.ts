import { expect, test } from "bun:test"
import { CHUNKED, putReplyHead, UNTIL_CLOSE } from "../../../src/server/front/reply-head.ts"

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const DATE = "\r\ndate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n"

/** The head as text; undefined where so many bytes are too few. */
function headIn(size: number, headers: Record<string, string>, length = 0, keepAlive = true) {
  const bytes = new Uint8Array(size)
  const end = putReplyHead(bytes, 200, headers, length, keepAlive, NOW)
  return end < 0 ? undefined : Buffer.from(bytes.subarray(0, end)).toString("latin1")
}

test("a reply's head has its headers, its length and the date", () => {
  const begin = "HTTP/1.1 200 OK\r\nx-a: 1"
  expect(headIn(1024, { "x-a": "1" }, 12_345)).toBe(`${begin}\r\ncontent-length: 12345${DATE}`)
  expect(headIn(1024, { "x-a": "1" }, CHUNKED)).toBe(
    `${begin}\r\ntransfer-encoding: chunked${DATE}`,
  )
  expect(headIn(1024, { "x-a": "1" }, UNTIL_CLOSE, false)).toBe(
    `${begin}\r\nconnection: close${DATE}`,
  )
})

test("what the connection says itself is not said by a reply", () => {
  expect(headIn(1024, { "content-length": "7", date: "never", connection: "upgrade" })).toBe(
    `HTTP/1.1 200 OK\r\ncontent-length: 0${DATE}`,
  )
})

test("a value has no byte that would end its line, or is none", () => {
  for (let code = 0; code <= 0x2_00; code++) {
    const sendable = code === 9 || (code >= 0x20 && code <= 0x7e) || (code >= 0x80 && code <= 0xff)
    const shown = sendable ? String.fromCharCode(code) : "?"
    expect(headIn(1024, { "x-a": `b${String.fromCharCode(code)}c` })).toContain(`: b${shown}c\r\n`)
  }
})

test("a head that does not fit is not begun, and one that does is the same in any room", () => {
  const headers = { "x-a": "a".repeat(300), "x-b": "b".repeat(3000) }
  const whole = headIn(100_000, headers)!
  expect(whole).toEndWith(`${"b".repeat(3000)}\r\ncontent-length: 0${DATE}`)
  for (let size = 0; size < whole.length; size += 7) expect(headIn(size, headers)).toBeUndefined()
  for (let size = whole.length; size < 5000; size += 7) {
    expect([whole, undefined]).toContain(headIn(size, headers))
  }
  expect(headIn(whole.length + 256, headers)).toBe(whole)
})
