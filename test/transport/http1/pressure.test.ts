import { describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { heapStats } from "bun:jsc"
import { closing, until } from "../../support/cleanup.ts"
import { outcomeOf, startClient, startScripted } from "./scripted.ts"

const using = closing()
const MB = 1 << 20
const HELLO = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

/** A server that sends `size` bytes behind a head, as fast as they are taken. */
async function flood(size: number, head: string) {
  const state = { sent: 0 }
  const piece = Buffer.alloc(MB, "x")
  const pump = (socket: Bun.Socket<unknown>) => {
    while (state.sent < size) {
      const taken = socket.write(piece.subarray(0, Math.min(MB, size - state.sent)))
      if (taken <= 0) return
      state.sent += taken
    }
    socket.end()
  }
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(head)
        pump(socket)
      },
      drain: pump,
      error() {},
    },
  })
  await using({ close: () => listener.stop(true) })
  return { url: `http://127.0.0.1:${listener.port}/`, state }
}

/** What a server has got rid of, once that grows no more. */
async function settled(state: { sent: number }): Promise<number> {
  let before = -1
  await until(async () => {
    const same = state.sent === before
    before = state.sent
    await Bun.sleep(30)
    return same
  })
  return state.sent
}

describe.each([
  ["a length", `HTTP/1.1 200 OK\r\ncontent-length: ${100 * MB}\r\n\r\n`],
  ["its end", "HTTP/1.1 200 OK\r\n\r\n"],
])("100 MB, bounded by %s", (_name, head) => {
  test("stay with the server while nobody reads", async () => {
    const { url, state } = await flood(100 * MB, head)
    const { body } = await startClient().ask(url)
    expect(await settled(state)).toBeLessThan(20 * MB)
    let size = 0
    for (let bytes = await body!.read(); bytes; bytes = await body!.read()) size += bytes.length
    expect(size).toBe(100 * MB)
  })

  test("stay with the server while the sink is paused", async () => {
    const { url, state } = await flood(100 * MB, head)
    const { body } = await startClient().ask(url)
    let [size, pauses, ended] = [0, 0, false]
    body!.pipe({
      data(bytes) {
        size += bytes.length
        if (pauses < 3) {
          pauses++
          body!.pause()
        }
      },
      end: () => {
        ended = true
      },
      fail: () => {},
    })
    for (let pause = 1; pause <= 3; pause++) {
      await until(() => pauses === pause)
      expect(await settled(state)).toBeLessThan(20 * MB)
      body!.resume()
    }
    await until(() => ended)
    expect(size).toBe(100 * MB)
  })
})

test("the end of a paused answer is seen once it goes on, be the server long gone", async () => {
  const server = await using(
    startScripted((connection) =>
      connection.send(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(100_000)}`).then(() => connection.fin()),
    ),
  )
  const { body } = await startClient().ask(server.url)
  let size = 0
  let ended = false
  body!.pipe({ data: (bytes) => (size += bytes.length), end: () => (ended = true), fail() {} })
  body!.pause()
  await until(() => server.taken[0]!.closed)
  body!.resume()
  await until(() => ended)
  expect(size).toBe(100_000)
})

test("an answer that is paused when it ends leaves a connection that works", async () => {
  const server = await using(startScripted((connection) => connection.send(HELLO)))
  const { ask } = startClient()
  for (let n = 0; n < 3; n++) {
    const { body } = await ask(server.url)
    body!.pause()
    body!.cancel()
    expect(await outcomeOf(ask(server.url))).toBe("200 hello")
  }
  expect(server.taken.length).toBe(1)
})

test("ten thousand requests over 64 connections leave nothing behind", async () => {
  const server = await using(
    startScripted((connection) =>
      connection.send(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      ),
    ),
  )
  const { ask } = startClient()
  const headers = { "content-type": "application/json" }
  const body = Buffer.alloc(2000, "x")
  const round = async (requests: number) => {
    const loop = async () => {
      for (let n = 0; n < requests / 64; n++) {
        expect(await outcomeOf(ask(server.url, { method: "POST", body, headers }))).toBe(
          "200 hello",
        )
      }
    }
    await Promise.all(Array.from({ length: 64 }, loop))
    server.requests.length = 0
    Bun.gc(true)
    return { heap: heapStats().objectCount, files: readdirSync("/proc/self/fd").length }
  }
  await round(2000)
  const before = await round(2000)
  const after = await round(10_000)
  expect(server.taken.length).toBe(64)
  expect(after.files).toBeLessThanOrEqual(before.files + 2)
  expect(after.heap).toBeLessThan(before.heap + 2000)
})
