import { expect, test } from "bun:test"
import { LARGE_BODY } from "../../src/core/turn.ts"
import { closing, until } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"

const open = closing()

/** An upstream that notes whose requests begin to come, and answers none of them. */
async function silent(): Promise<{ url: string; users: string[] }> {
  const users: string[] = []
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(_, bytes) {
        const user = /"user":"(\w+)"/.exec(bytes.toString("latin1"))?.[1]
        if (user) users.push(user)
      },
    },
  })
  await open({ close: () => server.stop(true) })
  return { url: `http://127.0.0.1:${server.port}/v1`, users }
}

function request(user: string, size: number): Buffer {
  const content = "x".repeat(size)
  const body = JSON.stringify({ model: "g", user, messages: [{ role: "user", content }] })
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
}

/** A connection that takes whatever is written to it. */
async function connect(port: number) {
  let rest: Buffer = Buffer.alloc(0)
  const write = (socket: { write(bytes: Uint8Array): number }) => {
    rest = rest.subarray(Math.max(0, socket.write(rest)))
  }
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data() {}, drain: write },
  })
  await open({ close: () => socket.terminate() })
  return {
    send(bytes: Buffer) {
      rest = bytes
      write(socket)
    },
    isSent: () => rest.length === 0,
    leave: () => socket.terminate(),
  }
}

/** The order in which two requests reach the upstream, of which the second comes while the first is worked on. */
async function order(size: number): Promise<string[]> {
  const { url, users } = await silent()
  const { front } = await open(startRouter(overUpstreams([{ url, model: "m" }])))
  const [first, second] = [await connect(front.port), await connect(front.port)]
  const whole = request("first", size)
  first.send(whole.subarray(0, -1))
  await until(first.isSent)
  first.send(whole.subarray(-1))
  second.send(request("second", 10))
  await until(() => users.length === 2)
  return users
}

test("whoever comes while a large body is worked on is served before it", async () => {
  expect(await order(4 * LARGE_BODY)).toEqual(["second", "first"])
})

test("small bodies are served as they come", async () => {
  expect(await order(1000)).toEqual(["first", "second"])
})

test("for a client that leaves while its large body is worked on nobody is asked", async () => {
  const { url, users } = await silent()
  const { front, rows } = await open(startRouter(overUpstreams([{ url, model: "m" }])))
  const client = await connect(front.port)
  const whole = request("leaving", 4 * LARGE_BODY)
  client.send(whole.subarray(0, -1))
  await until(client.isSent)
  client.send(whole.subarray(-1))
  client.leave()
  await until(async () => (await rows()).length === 1)
  expect(await rows()).toMatchObject([{ status: 499 }])
  expect(users).toEqual([])
})
