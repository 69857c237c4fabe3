import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { HeadMemory } from "../../../src/server/front/head-memory.ts"
import { type PlainHead, readPlainHead } from "../../../src/server/front/plain-head.ts"
import { overUpstreams } from "../../support/router.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { question, request } from "./requests.ts"

const LINES = ["Authorization: Bearer sk-first", "x-Own: a\tb", "user-agent: a/1"]
const NAMES = ["host", "authorization", "x-own", "user-agent", "x-api-key", "content-length"]

/** All that a connection makes of a head. A length that is not this request's is in no header that anybody reads. */
function seen(head: PlainHead | undefined) {
  if (!head) return undefined
  const { path, query, end, length, keepAlive, chunks, headers } = head
  const values = NAMES.slice(0, -1).map((name) => headers.get(name))
  return { path, query, end, length, keepAlive, chunks, values }
}

const copy = (bytes: Uint8Array) => Buffer.from(bytes)

/** A memory that has met these heads, one after another. */
function memoryOf(...met: Uint8Array[]): HeadMemory {
  const memory = new HeadMemory()
  for (const bytes of met) memory.read(copy(bytes))
  return memory
}

const usual = request({ lines: LINES })

describe("a head that comes again on its connection", () => {
  test("is known, with the length of its body", () => {
    const memory = memoryOf(usual, usual)
    const first = memory.read(copy(usual))!
    const longer = request({ lines: LINES, body: question("g", { user: "abc" }) })
    expect(longer.indexOf("\r\n\r\n")).toBe(usual.indexOf("\r\n\r\n"))
    const second = memory.read(copy(longer))!
    expect(second.headers).toBe(first.headers)
    expect(seen(second)).toEqual(seen(readPlainHead(copy(longer))))
    expect(seen(memory.read(copy(usual)))).toEqual(seen(readPlainHead(copy(usual))))
  })

  test("is another one when any byte of it is another, whatever it is then", () => {
    const memory = memoryOf(usual, usual)
    const end = usual.indexOf("\r\n\r\n") + 4
    const others = [0, 0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x30, 0x39, 0x3a, 0x41, 0x61, 0x7f, 0x80, 0xff]
    let plain = 0
    for (let at = 0; at < end; at++) {
      for (const byte of others) {
        const bytes = copy(usual)
        bytes[at] = byte
        const expected = seen(readPlainHead(copy(bytes)))
        if (expected) plain++
        expect(seen(memoryOf(usual, usual).read(copy(bytes)))).toEqual(expected)
      }
      expect(seen(memory.read(copy(usual)))).toEqual(seen(readPlainHead(copy(usual))))
    }
    // Most of them are still heads that are read here, of which each is to be told from the one before.
    expect(plain).toBeGreaterThan(300)
  })

  test.each([
    ["ends in its length", "content-length: 1\r\n\r\n", "content-length:      1\r\n\r\n"],
    ["ends in its length, and goes on", "content-length: 1\r\n\r\nab", "content-length:      123"],
    ["has a line in its length", "content-length: 1\r\na:b", "content-length:     123"],
    ["has no digits", "content-length:    ", "content-length: 123"],
    ["has no number", "content-length: 1 2", "content-length: 123"],
    ["has a number with a sign", "content-length: +12", "content-length: 123"],
  ])("is not known when it %s", (_, now, before) => {
    const others = { host: ["host: h"], framing: [] }
    const known = request({ ...others, lines: [before, ...LINES], body: "x".repeat(123) })
    const next = request({ ...others, lines: [now, ...LINES], body: "x".repeat(123) })
    const expected = seen(readPlainHead(copy(next)))
    expect(seen(memoryOf(known, known).read(copy(next)))).toEqual(expected)
  })

  test("is read again when only its beginning has come", () => {
    for (let at = 0; at < usual.indexOf("\r\n\r\n") + 4; at++) {
      expect(memoryOf(usual, usual).read(copy(usual.subarray(0, at)))).toBeUndefined()
    }
  })

  test("may be of any length, and unlike all before", () => {
    for (const size of [10, 1000, 1900, 2100, 5000, 15_000]) {
      const memory = new HeadMemory()
      for (let n = 0; n < 40; n++) {
        // From time to time the same one comes twice.
        const lines = [...LINES, `x-trace: ${"0".repeat(size)}${Math.floor(n / (1 + (n % 3)))}`]
        const bytes = request({ lines, body: question("g", { n }) })
        expect(seen(memory.read(copy(bytes)))).toEqual(seen(readPlainHead(copy(bytes))))
      }
    }
  })
})

const KEYS = ["sk-router-first-0001", "sk-router-other-0002", "sk-router-wrong-0003"]
const NAMED = ["first", "other"].map((name, order) => ({ name, key: KEYS[order]! }))

describe("a connection that is used by many", () => {
  let bed: Bed
  beforeEach(async () => {
    bed = await startBed({ auth: { keys: NAMED } })
  })
  afterEach(() => bed.close())

  test("lets nobody in with a key that the config has no longer", async () => {
    const connection = await open(bed.url)
    const ask = async (order: number) => {
      const lines = [`authorization: Bearer ${KEYS[order]}`]
      await connection.send(request({ lines, body: question("big") }))
      return (await connection.answer())!.status
    }
    const before = [await ask(0), await ask(0), await ask(0)]
    const [, other] = NAMED
    const config = { groups: { big: ["u0/big"] }, auth: { keys: [other!] } }
    bed.router.configure(overUpstreams([{ url: bed.upstream.url }], config))
    expect((await bed.router.runtime.reload()).ok).toBe(true)
    expect([...before, await ask(0), await ask(1)]).toEqual([200, 200, 200, 401, 200])
    connection.close()
  })

  test("knows whose each request is", async () => {
    const connection = await open(bed.url)
    const told: string[] = []
    for (const order of [0, 0, 0, 1, 0, 2, 0, 0, 2, 2, 1, 1, 1, 0]) {
      const lines = [`authorization: Bearer ${KEYS[order]}`, `user-agent: agent/${order}`]
      await connection.send(request({ lines, body: question("big") }))
      const { status } = (await connection.answer())!
      told.push(`${order} ${status}`)
    }
    connection.close()
    const statuses = [200, 200, 401]
    expect(told).toEqual(told.map((one) => `${one[0]} ${statuses[Number(one[0])]}`))
    const rows = await bed.router.rows()
    const names = ["first", "other", null]
    expect(rows.map(({ key, client }) => [key, client])).toEqual(
      told.map((one) => [names[Number(one[0])]!, `agent/${one[0]}`]),
    )
  })
})
