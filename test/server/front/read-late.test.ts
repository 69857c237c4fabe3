import { describe, expect, test } from "bun:test"
import { type AddressInfo, connect, createServer } from "node:net"
import { once } from "node:events"
import { closing, until } from "../../support/cleanup.ts"
import { overUpstreams, startRouter } from "../../support/router.ts"
import { answerOf, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { request } from "./requests.ts"

const use = closing()

/** As much as the system keeps for a client that does not read: the router has got rid of all of it. */
const CONTENT = "a".repeat(1_200_000)
const SIZE = answerOf(CONTENT).length

/** Asks for it and reads nothing. @returns when the router has sent it */
async function unread(idleSeconds?: number, lines: string[] = [], behind = "") {
  const bed = await use(startBed({}, {}, idleSeconds))
  bed.upstream.script(() => ({ body: answerOf(CONTENT) }))
  const connection = await use(open(bed.url))
  connection.pause()
  await connection.send(request({ lines }) + behind)
  await until(() => bed.upstream.count() === 1)
  await until(() => bed.router.listener.quiet)
  const whole = async () => {
    connection.resume()
    return (await connection.answer())?.body.length
  }
  return { bed, connection, whole }
}

describe("an answer that its client has not read yet comes whole", () => {
  test("when the router stops", async () => {
    const { bed, whole } = await unread()
    await bed.router.listener.drain()
    await bed.router.front.stop()
    expect(await whole()).toBe(SIZE)
  })

  test("when the connection has been idle for too long", async () => {
    const { bed, whole } = await unread(1)
    await (await open(bed.url)).end
    await (await open(bed.url)).end
    expect(await whole()).toBe(SIZE)
  })

  test("when the client goes on sending behind its last request", async () => {
    const { connection, whole } = await unread(
      undefined,
      ["connection: close"],
      "x".repeat(300_000),
    )
    await connection.send("x".repeat(300_000))
    expect(await whole()).toBe(SIZE)
  })
})

test("what came of an answer that breaks off is not taken away from who reads late", async () => {
  const sound = Buffer.alloc(500_000, 1)
  const half = `HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: ${2 * sound.length}\r\n\r\n`
  const upstream = createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from(half), sound])))
  })
  await once(upstream.listen(0, "127.0.0.1"), "listening")
  await use({ close: () => upstream.close() })
  const { port } = upstream.address() as AddressInfo
  const router = await use(startRouter(overUpstreams([{ url: `http://127.0.0.1:${port}/v1` }])))
  const connection = await use(open(router.url))
  connection.pause()
  const body = JSON.stringify({ model: "g", input: "hello", voice: "alloy" })
  await connection.send(request({ target: "/v1/audio/speech", body }))
  await until(async () => (await router.rows()).length === 1)
  connection.resume()
  await connection.end
  expect(connection.received()).toBeGreaterThan(sound.length)
  expect(connection.endsWith("0\r\n\r\n")).toBe(false)
})

test("a connection that has had its last answer is not kept for those who go on sending", async () => {
  const bed = await use(startBed({}, {}, 1))
  const { hostname, port } = new URL(bed.url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  let closed = false
  socket.on("close", () => (closed = true))
  socket.on("error", () => {})
  socket.resume()
  socket.write(`${request({ lines: ["connection: close"] })}x`)
  await once(socket, "end")
  expect(closed).toBe(false)
  await until(() => {
    socket.write("x")
    return closed
  })
})
