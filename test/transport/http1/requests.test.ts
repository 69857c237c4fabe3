import { describe, expect, test } from "bun:test"
import { createServer, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { closing, until } from "../../support/cleanup.ts"
import { outcomeOf, startClient, startScripted, textOf } from "./scripted.ts"

const using = closing()
const HELLO = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

/** The request as it arrives. */
async function arrives(more: Parameters<ReturnType<typeof startClient>["ask"]>[1], path = "") {
  const server = await using(startScripted((connection) => connection.send(HELLO)))
  expect(await outcomeOf(startClient().ask(`${server.url}${path}`, more))).toBe("200 hello")
  const [head = "", body] = server.requests[0]!.split("\r\n\r\n")
  const [line, ...fields] = head.split("\r\n")
  return { line, fields, body, host: new URL(server.url).host }
}

describe("a request", () => {
  test("has what fetch would add to it", async () => {
    const { line, fields, body, host } = await arrives({}, "/a b?c=d&e=ü#f")
    expect([line, body]).toEqual(["GET /path/a%20b?c=d&e=%C3%BC HTTP/1.1", ""])
    expect(fields).toEqual([
      `host: ${host}`,
      "accept: */*",
      "accept-encoding: gzip, deflate, br, zstd",
      expect.stringMatching(/^user-agent: llmrouter\/\d/),
      "connection: keep-alive",
    ])
  })

  test("keeps what it has of its own", async () => {
    const headers = {
      Accept: "a/b",
      "ACCEPT-encoding": "identity",
      "user-agent": "me",
      Host: "elsewhere.test",
      "x-latin": "é",
    }
    const { line, fields, body } = await arrives({
      ...{ method: "POST", body: Buffer.from("{}"), headers },
    })
    expect([line, body]).toEqual(["POST /path HTTP/1.1", "{}"])
    expect(fields).toEqual([
      "Accept: a/b",
      "ACCEPT-encoding: identity",
      "user-agent: me",
      "Host: elsewhere.test",
      "x-latin: \xe9",
      "connection: keep-alive",
      "content-length: 2",
    ])
  })

  test("says itself where its body ends, whatever its headers say", async () => {
    const headers = { "content-length": "99", "Transfer-Encoding": "chunked", connection: "close" }
    const { fields } = await arrives({ method: "POST", body: Buffer.from("x"), headers })
    expect(fields.filter((field) => /length|transfer|connection/i.test(field))).toEqual([
      "connection: keep-alive",
      "content-length: 1",
    ])
  })

  test.each(["POST", "PUT"] as const)("by %s without a body says so", async (method) => {
    expect((await arrives({ method })).fields.at(-1)).toBe("content-length: 0")
  })

  test("carries the name and password of its URL", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    await startClient().ask(server.url.replace("//", "//me:p%40ss@"))
    expect(server.requests[0]).toContain(`authorization: Basic ${btoa("me:p@ss")}\r\n`)
  })

  test("with the headers of another one has its own URL, method and body", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    const headers = { "x-a": "b" }
    const body = Buffer.from("x")
    await ask(server.url, { headers })
    await ask(`${server.url}/2`, { headers })
    await ask(`${server.url}/2`, { headers, method: "POST", body })
    await ask(`${server.url}/2`, { headers, method: "PUT", body })
    await ask(`${server.url}/2`, { headers, method: "PUT" })
    expect(server.requests.map((text) => text.slice(0, text.indexOf(" HTTP")))).toEqual([
      "GET /path",
      "GET /path/2",
      "POST /path/2",
      "PUT /path/2",
      "PUT /path/2",
    ])
  })

  test.each([
    ["a line in a value", { "x-a": "b\r\nx-c: d" }, ""],
    ["a line feed in a value", { "x-a": "b\nx-c: d" }, ""],
    ["a carriage return in a value", { "x-a": "b\rc" }, ""],
    ["a NUL in a value", { "x-a": "b\0c" }, ""],
    ["a character that is no byte in a value", { "x-a": "…" }, ""],
    ["a line in a name", { "x-a: b\r\nx-c": "d" }, ""],
    ["a blank in a name", { "x a": "b" }, ""],
    ["an empty name", { "": "b" }, ""],
    ["a line in the path", {}, "/x HTTP/1.1\r\nx-c: d"],
    ["a line feed in the query", {}, "?x=\nx-c: d"],
    ["a NUL in the path", {}, "/\0"],
  ] as [string, Record<string, string>, string][])(
    "with %s is refused, and nothing is sent",
    async (_name, headers, path) => {
      const server = await using(startScripted((connection) => connection.send(HELLO)))
      const { ask } = startClient()
      expect(await outcomeOf(ask(server.url + path, { headers }))).toBe("InvalidRequest")
      expect(await outcomeOf(ask(server.url))).toBe("200 hello")
      expect([server.taken.length, server.requests.length]).toEqual([1, 1])
    },
  )

  test("never tells a key in its error", async () => {
    const refused = startClient().ask("http://127.0.0.1:1/secret?key=secret", {
      headers: { authorization: "secret\n" },
    })
    const error = await refused.catch((thrown: Error) => thrown)
    expect(String(error)).toContain("Cannot reach 127.0.0.1:1: ")
    expect(Bun.inspect(error)).not.toContain("secret")
  })
})

describe("a body", () => {
  const sizes = [0, 1, 1000, 60_000, 65_300, 65_400, 65_500, 65_536, 65_537, 1_000_000]
  test.each(sizes)("of %p bytes arrives as it was, one after the other", async (size) => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    const bodies = [0, 1].map(() =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex"),
    )
    for (const each of bodies) {
      const body = Buffer.from(each.repeat(size / 16 + 1).slice(0, size))
      expect(await outcomeOf(ask(server.url, { method: "POST", body }))).toBe("200 hello")
      expect(server.requests.pop()!.split("\r\n\r\n")[1] === body.toString()).toBe(true)
    }
    expect(server.taken.length).toBe(1)
  })

  test("of 10 MB goes to a slow reader as fast as that one reads, whatever else is sent meanwhile", async () => {
    const slow = await slowReader()
    const { ask } = startClient()
    const body = Buffer.alloc(10 << 20, "abcdefg")
    const answer = outcomeOf(ask(slow.url, { method: "POST", body }))
    await until(() => slow.sockets.length === 1)
    const other = await using(startScripted((connection) => connection.send(HELLO)))
    for (let n = 0; n < 20; n++)
      await ask(other.url, { method: "POST", body: Buffer.from("z".repeat(999)) })
    expect(slow.received()).toBe(0)
    slow.sockets[0]!.resume()
    expect(await answer).toBe("200 hello")
    expect(slow.received()).toBeGreaterThan(body.length)
    expect(slow.tail(body.length).equals(body)).toBe(true)
  })

  test("that is refused before its end gives the answer, and its connection is not used again", async () => {
    const slow = await slowReader()
    const { ask } = startClient()
    const asked = ask(slow.url, { method: "POST", body: Buffer.alloc(10 << 20) })
    await until(() => slow.sockets.length === 1)
    slow.sockets[0]!.write("HTTP/1.1 413 Too large\r\ncontent-length: 3\r\n\r\nbig")
    const { status, body } = await asked
    expect([status, await textOf(body)]).toEqual([413, "big"])
    slow.sockets[0]!.resume()
    await until(() => slow.ended())
    expect(slow.received()).toBeLessThan(10 << 20)
  })

  /** Takes connections and reads nothing until it is told to. */
  async function slowReader() {
    const sockets: Socket[] = []
    const parts: Buffer[] = []
    let ended = false
    let size = 0
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.pause()
      socket.on("error", () => (ended = true))
      socket.on("close", () => (ended = true))
      socket.on("data", (bytes) => {
        parts.push(bytes as Buffer)
        size += bytes.length
        if (size > 10 << 20) socket.write(HELLO)
      })
    })
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
    await using({
      close: () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    })
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      sockets,
      received: () => size,
      ended: () => ended,
      tail: (length: number) => Buffer.concat(parts).subarray(-length),
    }
  }
})
