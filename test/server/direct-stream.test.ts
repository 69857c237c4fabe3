import { describe, expect, test } from "bun:test"
import { connect, type Socket } from "node:net"
import type { BodyWriter, PushedBody } from "../../src/core/exchange.ts"
import { directStream } from "../../src/server/direct-stream.ts"
import { closing, until } from "../support/cleanup.ts"

const use = closing()

/** A server whose only answer the test pushes, and a raw client that has asked for it. */
async function serve() {
  const asked: string[] = []
  let writer: BodyWriter | undefined
  const body: PushedBody = {
    start(own) {
      writer = own
    },
    drained: () => asked.push("drained"),
    cancel: () => asked.push("cancel"),
  }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(directStream(body)),
  })
  await use(Promise.resolve({ close: () => server.stop(true) }))
  const reads: string[] = []
  const client = connect(server.port!, "127.0.0.1")
  const closed = Promise.withResolvers<"reset" | "ended">()
  client.on("data", (bytes) => reads.push(bytes.toString("latin1")))
  client.on("error", () => closed.resolve("reset"))
  client.on("end", () => closed.resolve("ended"))
  client.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n")
  await until(() => writer)
  return {
    writer: writer!,
    client: client as Socket,
    asked,
    reads,
    text: () => reads.join(""),
    closed: closed.promise,
    say: (text: string) => writer!.write(Buffer.from(text)),
  }
}

test("what is written in one turn is one block, and the next turn's another", async () => {
  const { say, writer, text } = await serve()
  say("one,")
  say("two")
  await until(() => text().includes("\r\n7\r\none,two\r\n"))
  say("three")
  writer.end()
  await until(() => text().endsWith("\r\n5\r\nthree\r\n0\r\n\r\n"))
})

test("an answer that breaks off resets the connection", async () => {
  const { say, writer, text, closed } = await serve()
  say("one")
  await until(() => text().includes("one"))
  writer.fail("broken off on purpose, by a test")
  expect(await closed).toBe("reset")
  expect(text()).not.toContain("0\r\n\r\n")
})

test("a client that leaves is known once, and what is written then goes nowhere", async () => {
  const { say, writer, text, client, asked } = await serve()
  say("one")
  await until(() => text().includes("one"))
  client.destroy()
  await until(() => asked.length > 0)
  expect(say("two")).toBe(true)
  writer.end()
  writer.fail(new Error("late"))
  expect(asked).toEqual(["cancel"])
})

describe("a client that does not read", () => {
  async function stalled() {
    const served = await serve()
    served.say("one")
    await until(() => served.text().includes("one"))
    served.client.pause()
    const block = Buffer.alloc(64 * 1024, "x")
    let sent = 0
    await until(() => {
      sent += block.length
      return !served.writer.write(block)
    })
    return { ...served, sent }
  }

  test("is known by the first block too many, and its going on is told once", async () => {
    const { say, writer, client, text, asked, sent } = await stalled()
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    expect(say("more")).toBe(false)
    expect(say("again")).toBe(false)
    expect(asked).toEqual([])
    client.resume()
    await until(() => asked.length > 0)
    expect(asked).toEqual(["drained"])
    expect(say("last")).toBe(true)
    writer.end()
    await until(() => text().endsWith("0\r\n\r\n"))
    expect(text().match(/x/g)).toHaveLength(sent)
    expect(text()).toContain("again")
  })

  test("and leaves is not told to go on", async () => {
    const { client, asked } = await stalled()
    client.destroy()
    await until(() => asked.length > 0)
    await Bun.sleep(0)
    expect(asked).toEqual(["cancel"])
  })
})

test("other readers than a server get every byte", async () => {
  const stream = directStream({
    start(writer) {
      writer.write(Buffer.from("one,"))
      setTimeout(() => {
        writer.write(Buffer.from("two"))
        writer.end()
      })
    },
    drained() {},
    cancel() {},
  })
  expect(await new Response(stream).text()).toBe("one,two")
})
