import { describe, expect, test } from "bun:test"
import { closing, until } from "../../support/cleanup.ts"
import { Life } from "../../../src/core/life.ts"
import {
  CHUNK_SIZES,
  outcomeOf,
  type Script,
  startClient,
  startScripted,
  textOf,
} from "./scripted.ts"

const using = closing()
const OK = "HTTP/1.1 200 OK\r\n"
const HELLO = `${OK}content-length: 5\r\n\r\nhello`

/** Asks one after the other. @returns what came, and over how many connections */
async function askThrice(answer: string | ((n: number) => string), size = 0) {
  const server = await using(
    startScripted(
      (connection, n) => connection.send(typeof answer === "string" ? answer : answer(n)),
      size,
    ),
  )
  const { ask } = startClient()
  const heard: string[] = []
  for (let n = 0; n < 3; n++) heard.push(await outcomeOf(ask(server.url)))
  return { heard, connections: server.taken.length }
}

describe("a connection is used again", () => {
  for (const size of CHUNK_SIZES) {
    test.each([
      HELLO,
      `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n`,
      `HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 5\r\n\r\nhello`,
    ])(`after an answer that has come in pieces of ${size}: %j`, async (answer) => {
      expect(await askThrice(answer, size)).toEqual({
        heard: ["200 hello", "200 hello", "200 hello"],
        connections: 1,
      })
    })
  }

  test("after one without a body", async () => {
    for (const answer of ["HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 304 Same\r\n\r\n"]) {
      expect((await askThrice(answer)).connections).toBe(1)
    }
  })

  test("after one that nobody has read", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    await ask(server.url)
    await ask(server.url)
    expect(server.taken.length).toBe(1)
  })

  test("only by one request at a time, and then by the next ones", async () => {
    const held: (() => unknown)[] = []
    const server = await using(
      startScripted((connection) => held.push(() => connection.send(HELLO))),
    )
    const { ask } = startClient()
    for (let round = 0; round < 3; round++) {
      const answers = Array.from({ length: 20 }, () => outcomeOf(ask(server.url)))
      await until(() => held.length === 20)
      for (const send of held.splice(0)) send()
      expect(new Set(await Promise.all(answers))).toEqual(new Set(["200 hello"]))
    }
    expect(server.taken.length).toBe(20)
  })

  test("but not that of another host name, though it is the same server", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    await ask(server.url)
    await ask(server.url.replace("127.0.0.1", "localhost"))
    expect(server.taken.length).toBe(2)
  })
})

describe("a connection is closed", () => {
  test.each([
    `${OK}connection: close\r\ncontent-length: 5\r\n\r\nhello`,
    `${OK}Connection: x, Close\r\ncontent-length: 5\r\n\r\nhello`,
    "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ])("after %j", async (answer) => {
    expect(await askThrice(answer)).toEqual({
      heard: ["200 hello", "200 hello", "200 hello"],
      connections: 3,
    })
  })

  const smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
  for (const size of CHUNK_SIZES) {
    test.each([
      HELLO,
      `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      "HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n",
    ])(
      `when more follows the answer, which nobody gets, in pieces of ${size}: %j`,
      async (answer) => {
        const server = await using(
          startScripted(
            (connection, n) => connection.send(n === 0 ? answer + smuggled : HELLO),
            size,
          ),
        )
        const { ask } = startClient()
        const first = await outcomeOf(ask(server.url))
        expect(first).toBe(answer.includes("204") ? "204 " : "200 hello")
        await until(() => server.taken[0]!.closed)
        expect(await outcomeOf(ask(server.url))).toBe("200 hello")
      },
    )
  }

  test("when something comes that nobody has asked for", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    await outcomeOf(ask(server.url))
    await server.taken[0]!.send(smuggled)
    await until(() => server.taken[0]!.closed)
    expect(await outcomeOf(ask(server.url))).toBe("200 hello")
  })

  test("a moment before the server would close it", async () => {
    const server = await using(
      startScripted((connection) =>
        connection.send(`${OK}keep-alive: timeout=2, max=9\r\ncontent-length: 0\r\n\r\n`),
      ),
    )
    await startClient().ask(server.url)
    await until(() => server.taken[0]!.closed)
  })
})

describe("a request that meets a connection which was just closed", () => {
  /** Answers the first request of each connection, and does something else with its second. */
  const once = (then: (connection: Parameters<Script>[0]) => unknown): Script => {
    const used = new WeakSet<object>()
    return (connection) => {
      if (used.has(connection)) return then(connection)
      used.add(connection)
      return connection.send(HELLO)
    }
  }

  test.each(["fin", "reset"] as const)("is sent again over a fresh one: %s", async (how) => {
    const server = await using(startScripted(once((connection) => connection[how]())))
    const { ask } = startClient()
    const post = () => outcomeOf(ask(server.url, { method: "POST", body: Buffer.from("x") }))
    expect([await post(), await post()]).toEqual(["200 hello", "200 hello"])
    expect([server.taken.length, server.requests.length]).toEqual([2, 3])
  })

  test.each([
    { opening: 0, later: 49, again: true },
    { opening: 0, later: 50, again: false },
    { opening: 300, later: 349, again: true },
    { opening: 300, later: 350, again: false },
  ])("is not sent again when it may have been worked on: %j", async ({ opening, later, again }) => {
    let time = 0
    const clock = { now: () => time, wall: () => time }
    const server = await using(
      startScripted(
        once((connection) => {
          time += later
          return connection.fin()
        }),
      ),
    )
    const { ask } = startClient(clock)
    const post = () => outcomeOf(ask(server.url, { method: "POST", body: Buffer.from("x") }))
    const first = post()
    time += opening
    expect(await first).toBe("200 hello")
    expect(await post()).toBe(again ? "200 hello" : "ConnectionClosed")
    expect(server.requests.length).toBe(again ? 3 : 2)
  })

  test("is sent again once, and never over another idle one", async () => {
    const held: (() => unknown)[] = []
    let closing = false
    const server = await using(
      startScripted((connection) =>
        closing ? connection.reset() : held.push(() => connection.send(HELLO)),
      ),
    )
    const { ask } = startClient()
    const answers = Array.from({ length: 5 }, () => outcomeOf(ask(server.url)))
    await until(() => held.length === 5)
    for (const send of held) send()
    await Promise.all(answers)
    closing = true
    expect(await outcomeOf(ask(server.url))).toBe("ECONNRESET")
    expect([server.taken.length, server.requests.length]).toEqual([6, 7])
  })

  test("is not sent again once a byte of its answer has come", async () => {
    const server = await using(
      startScripted(once((connection) => connection.send("H").then(() => connection.fin()))),
    )
    const { ask } = startClient()
    await outcomeOf(ask(server.url))
    expect(await outcomeOf(ask(server.url))).toBe("ConnectionClosed")
    expect(server.requests.length).toBe(2)
  })

  test("is not sent again over a fresh connection that breaks", async () => {
    const server = await using(startScripted((connection) => connection.reset()))
    expect(await outcomeOf(startClient().ask(server.url))).toBe("ECONNRESET")
    expect(server.requests.length).toBe(1)
  })

  test("and that was closed while it was idle does not notice", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    for (const how of ["fin", "reset", "fin"] as const) {
      expect(await outcomeOf(ask(server.url))).toBe("200 hello")
      const last = server.taken.at(-1)!
      await last[how]()
      await until(() => last.closed)
    }
    expect(server.requests.length).toBe(3)
  })
})

describe("who leaves", () => {
  const reason = new Error("left")

  test("before it is sent, sends nothing", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const signal = new Life()
    signal.abort(reason)
    expect(startClient().ask(server.url, { signal })).rejects.toBe(reason)
    await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(server.url).port),
      socket: { data() {} },
    })
    await until(() => server.taken.length === 1)
    expect(server.requests).toEqual([])
  })

  test("while it connects, sends nothing", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const signal = new Life()
    const answer = startClient().ask(server.url, { signal })
    signal.abort(reason)
    expect(answer).rejects.toBe(reason)
    await until(() => server.taken[0]?.closed)
    expect(server.requests).toEqual([])
  })

  test.each(["", "HTTP/1.1 200 OK\r\ncont"])(
    "before the head is there closes the connection: %j",
    async (begun) => {
      const server = await using(startScripted((connection) => connection.send(begun)))
      const signal = new Life()
      const answer = startClient().ask(server.url, { signal })
      await until(() => server.requests.length === 1)
      signal.abort(reason)
      expect(answer).rejects.toBe(reason)
      await until(() => server.taken[0]!.closed)
    },
  )

  test("in the middle of the body closes the connection and fails the read", async () => {
    const server = await using(
      startScripted((connection) => connection.send(`${OK}content-length: 9\r\n\r\nhello`)),
    )
    for (const signal of [new Life(), new AbortController()]) {
      const { body } = await startClient().ask(server.url, { signal: signal.signal })
      expect(String(await body!.read())).toBe("hello")
      const next = body!.read()
      signal.abort(reason)
      expect(next).rejects.toBe(reason)
      await until(() => server.taken.every(({ closed }) => closed))
    }
  })

  test("in the middle of a piped body closes the connection and tells the sink", async () => {
    const server = await using(
      startScripted((connection) => connection.send(`${OK}content-length: 9\r\n\r\nhello`)),
    )
    const signal = new Life()
    const { body } = await startClient().ask(server.url, { signal })
    const told: unknown[] = []
    body!.pipe({
      data: (bytes) => told.push(String(bytes)),
      end: () => told.push("end"),
      fail: (error) => told.push(error),
    })
    await until(() => told.length > 0)
    signal.abort(reason)
    expect(told).toEqual(["hello", reason])
    await until(() => server.taken[0]!.closed)
  })

  test("after the end leaves the connection to others", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const { ask } = startClient()
    const signal = new Life()
    const { body } = await ask(server.url, { signal })
    signal.abort(reason)
    expect(await textOf(body)).toBe("hello")
    await ask(server.url)
    expect(server.taken.length).toBe(1)
  })

  test("by cancelling what has not ended closes the connection, and is told nothing more", async () => {
    const server = await using(
      startScripted((connection) => connection.send(`${OK}content-length: 9\r\n\r\nhello`)),
    )
    const { body } = await startClient().ask(server.url)
    await body!.read()
    const next = body!.read()
    body!.cancel()
    expect(await next).toBeUndefined()
    expect(await body!.read()).toBeUndefined()
    await until(() => server.taken[0]!.closed)
  })

  test("from inside of a sink is told nothing more", async () => {
    const server = await using(
      startScripted((connection) => connection.send(`${OK}content-length: 5\r\n\r\nhello`), 1),
    )
    const { body } = await startClient().ask(server.url)
    const told: string[] = []
    body!.pipe({
      data(bytes) {
        told.push(String(bytes))
        body!.cancel()
      },
      end: () => told.push("end"),
      fail: () => told.push("fail"),
    })
    await until(() => server.taken[0]!.closed)
    expect(told.length).toBe(1)
  })
})

describe("a program", () => {
  test("waits for its answer, and not for its idle connections", async () => {
    const held: (() => unknown)[] = []
    const server = await using(
      startScripted((connection) => held.push(() => connection.send(HELLO))),
    )
    const program = Bun.spawn([
      process.execPath,
      "-e",
      `const { startClient, textOf } = await import(${JSON.stringify(`${import.meta.dir}/scripted.ts`)})
      startClient().ask(${JSON.stringify(server.url)}).then(async ({ body }) => console.log(await textOf(body)))`,
    ])
    await until(() => held.length === 1)
    held[0]!()
    expect(await new Response(program.stdout).text()).toBe("hello\n")
    expect(await program.exited).toBe(0)
    await until(() => server.taken[0]!.closed)
  })
})
