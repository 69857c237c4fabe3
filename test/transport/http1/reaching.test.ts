import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { GatewayError } from "../../../src/core/error.ts"
import { Life } from "../../../src/core/life.ts"
import { closing, until } from "../../support/cleanup.ts"
import { emptyFolder } from "../../support/program.ts"
import { createAuthority } from "../../reliability/certificates.ts"
import { outcomeOf, startClient, startScripted } from "./scripted.ts"

const using = closing()
const HELLO = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

/** What it failed with. */
async function failure(url: string, connectTimeout = 5000): Promise<GatewayError> {
  const error = await startClient()
    .ask(url, { connectTimeout })
    .catch((thrown: unknown) => thrown)
  if (error instanceof GatewayError) return error
  throw new Error(`${url} did not fail as it should: ${Bun.inspect(error)}`)
}

/** A port whose queue of connections is full: the process that should take them is stopped. */
async function full(): Promise<number> {
  const program = Bun.spawn([
    process.execPath,
    "-e",
    "const server = require('node:net').createServer(() => {}).listen(0, '127.0.0.1', () => console.log(server.address().port))",
  ])
  await using({ close: () => program.kill("SIGKILL") })
  const { value } = await program.stdout.getReader().read()
  const port = Number(String(Buffer.from(value!)))
  program.kill("SIGSTOP")
  let open = true
  for (let taken = 0; open && taken < 5000; taken++) {
    const socket = Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })
    await using({ close: () => socket.then((each) => each.terminate()).catch(() => {}) })
    open = await Promise.race([socket.then(() => true), Bun.sleep(200).then(() => false)])
  }
  expect(open).toBe(false)
  return port
}

/** A port that takes connections and says nothing. */
async function mute() {
  const server = createServer((socket) => void socket.on("error", () => {}).resume())
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
  await using({ close: () => server.close() })
  return (server.address() as AddressInfo).port
}

describe("a host", () => {
  test("that refuses is told as unreachable, without path and query", async () => {
    const port = await closedPort()
    const { kind, message, detail } = await failure(`http://127.0.0.1:${port}/a?b=c`)
    expect([kind, detail.code, message]).toEqual([
      "upstream-unreachable",
      "upstream_unreachable",
      `Cannot reach 127.0.0.1:${port}: the connection was refused.`,
    ])
  })

  test("whose name does not resolve is told as such", async () => {
    expect((await failure("http://nobody.invalid/")).message).toBe(
      "Cannot reach nobody.invalid: the host name does not resolve.",
    )
  })

  test("that is not there in time is told as a timeout, and the others are waited for", async () => {
    const signal = new Life()
    const client = startClient()
    const url = `http://127.0.0.1:${await full()}/`
    const other = client.ask(url, { connectTimeout: 0, signal }).catch((thrown: unknown) => thrown)
    const { kind, message, detail } = await failure(url, 50)
    expect([kind, detail.code, message]).toEqual([
      "upstream-timeout",
      "connect_timeout",
      `Cannot reach ${new URL(url).host}: no connection within 50 ms (\`timeouts.connect\`).`,
    ])
    const left = new Error("left")
    signal.abort(left)
    expect(await other).toBe(left)
  })

  test("has no limit for its answer", async () => {
    const server = await using(
      startScripted(async (connection) => {
        await Bun.sleep(150)
        await connection.send(HELLO)
      }),
    )
    expect(await outcomeOf(startClient().ask(server.url, { connectTimeout: 30 }))).toBe("200 hello")
  })

  test("by name is reached at whichever of its addresses is open", async () => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      const server = Bun.serve({ hostname, port: 0, fetch: () => new Response("hello") })
      await using({ close: () => server.stop(true) })
      expect(await outcomeOf(startClient().ask(`http://localhost:${server.port}/`))).toBe(
        "200 hello",
      )
    }
  })

  test("by an address of IPv6 is reached", async () => {
    const server = Bun.serve({
      hostname: "::1",
      port: 0,
      fetch: ({ headers }) => new Response(headers.get("host")),
    })
    await using({ close: () => server.stop(true) })
    const host = `[::1]:${server.port}`
    expect(await outcomeOf(startClient().ask(`http://${host}/`))).toBe(`200 ${host}`)
  })

  async function closedPort(): Promise<number> {
    const server = createServer()
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
    const { port } = server.address() as AddressInfo
    await new Promise((closed) => server.close(closed))
    return port
  }
})

describe("over TLS", () => {
  const folders = [emptyFolder(), emptyFolder()] as const
  const [known, unknown] = [createAuthority(folders[0].path), createAuthority(folders[1].path)]
  const upstreams: Record<string, Awaited<ReturnType<typeof known.serve>>> = {}
  beforeAll(async () => {
    const here = "IP:127.0.0.1,DNS:localhost"
    upstreams["good"] = await known.serve("good", here, 2, '"hello"')
    upstreams["expired"] = await known.serve("expired", here, -1, '"hello"')
    upstreams["elsewhere"] = await known.serve("elsewhere", "DNS:elsewhere.test", 2, '"hello"')
    upstreams["selfmade"] = await unknown.serve("selfmade", here, 2, '"hello"')
  })
  afterAll(() => {
    for (const each of Object.values(upstreams)) each.close()
    for (const each of folders) each.close()
  })

  /** Asks in a process of its own, which is told whom to trust by its environment. */
  async function askAs(env: Record<string, string>, urls: string[]): Promise<string[]> {
    const program = Bun.spawn(
      [
        process.execPath,
        "-e",
        `const { startClient, outcomeOf } = await import(${JSON.stringify(`${import.meta.dir}/scripted.ts`)})
        const { ask } = startClient()
        for (const url of ${JSON.stringify(urls)}) console.log(await outcomeOf(ask(url, { method: "POST", body: Buffer.from("x") })))`,
      ],
      { env: { ...process.env, ...env } },
    )
    return (await new Response(program.stdout).text()).trim().split("\n")
  }

  const urls = () =>
    ["good", "expired", "elsewhere", "selfmade"].map((name) => upstreams[name]!.url)

  test("only whose certificate is right is sent anything", async () => {
    const heard = () => Object.values(upstreams).map(({ heard }) => heard.requests)
    const before = heard()
    const byName = upstreams["good"]!.url.replace("127.0.0.1", "localhost")
    const trusting = { NODE_EXTRA_CA_CERTS: known.file }
    expect(await askAs(trusting, [...urls(), byName, byName])).toEqual([
      '200 "hello"',
      "CERT_HAS_EXPIRED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      '200 "hello"',
      '200 "hello"',
    ])
    expect(heard()).toEqual([before[0]! + 3, ...before.slice(1)])
  })

  test("nobody is trusted whom nobody vouches for, unless the environment says so", async () => {
    const outcomes = await askAs({}, urls())
    expect(outcomes.filter((outcome) => outcome.startsWith("200"))).toEqual([])
    expect(await askAs({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, urls())).toEqual(
      Array.from({ length: 4 }, () => '200 "hello"'),
    )
  })

  test("a server that does not speak it is told as unreachable", async () => {
    const server = await using(startScripted((connection) => connection.send(HELLO)))
    const loud = createServer((socket) => void socket.on("error", () => {}).end("220 hello\r\n"))
    await new Promise<void>((listens) => loud.listen(0, "127.0.0.1", listens))
    await using({ close: () => loud.close() })
    const port = (loud.address() as AddressInfo).port
    expect((await failure(`https://127.0.0.1:${port}/`)).kind).toBe("upstream-unreachable")
    expect(server.requests).toEqual([])
  })

  test("a handshake that does not end is a timeout of the connection", async () => {
    const error = await failure(`https://127.0.0.1:${await mute()}/`, 50)
    expect([error.kind, error.detail.code]).toEqual(["upstream-timeout", "connect_timeout"])
  })

  test("who leaves during the handshake closes the connection", async () => {
    let closed = false
    const server = createServer(
      (socket) =>
        void socket
          .on("error", () => {})
          .on("close", () => (closed = true))
          .resume(),
    )
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
    await using({ close: () => server.close() })
    const signal = new Life()
    const { port } = server.address() as AddressInfo
    const reached = new Promise((resolve) => server.once("connection", resolve))
    const answer = startClient().ask(`https://127.0.0.1:${port}/`, { signal })
    await reached
    const reason = new Error("left")
    signal.abort(reason)
    expect(answer).rejects.toBe(reason)
    await until(() => closed)
  })
})
