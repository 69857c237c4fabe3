import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { readdirSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { until } from "../support/cleanup.ts"
import { ASK, chat, type Does, each, type Pair, pairs, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(90_000)

/** What the upstream is at when the client leaves; the last one asked is the one that is left. */
const PHASES: Record<string, readonly Does[]> = {
  "C01-headers": ["stall"],
  "C01-content": ["hdr|role|stall"],
  "C01-middle": ["role|tok:2|stall"],
  "C01-failover": ["status:503", "stall"],
}
/** Clients of each pair in each phase: a thousand in all. */
const AT_ONCE = 8
const ROUNDS = 4

const CHUNK = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"${"x".repeat(65_536)}"},"finish_reason":null}]}\n\n`
const endless: Does = () => ({
  headers: { "content-type": "text/event-stream" },
  body: (async function* () {
    for (;;) yield CHUNK
  })(),
})

/** Clients of each kind that never finish what they say. */
const SLOW = 100
const HEAD = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
/** What they begin with, and go on with byte by byte. */
const SLOWLY: Record<string, string> = {
  idle: "",
  "in the head": `${HEAD}x-a: `,
  "in the body": `${HEAD}content-length: 100000\r\n\r\n{"`,
  "in chunks": `${HEAD}transfer-encoding: chunked\r\n\r\nfffff\r\n{"`,
}

const MB = 1 << 20

let rig: Rig
let slow: { closed: Record<string, number>; ended(): void }
beforeAll(async () => {
  rig = await startRig(
    {
      ...PHASES,
      C02: [endless],
      C03: ["ok"],
      C11: ["role|tok:1000@5ms|done"],
    },
    { config: { cooldown: { server: "0ms" }, breaker: { failures: 0, rate: 0 } } },
  )
  slow = dripSlowly()
})
afterAll(async () => {
  slow.ended()
  await rig.close()
})

/** Opens connections that say a byte every two seconds, as long as they may. */
function dripSlowly() {
  const { port, hostname } = new URL(rig.program.url)
  const closed = Object.fromEntries(Object.keys(SLOWLY).map((name) => [name, 0]))
  const sockets = new Set<Socket>()
  for (const [name, bytes] of Object.entries(SLOWLY)) {
    for (let n = 0; n < SLOW; n++) {
      const socket = connect({ port: Number(port), host: hostname })
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        closed[name]!++
      })
      socket.resume()
      socket.write(bytes)
      if (bytes !== "") sockets.add(socket)
    }
  }
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write("a")
  }, 2000)
  return { closed, ended: () => clearInterval(drip) }
}

const openFiles = () => readdirSync(`/proc/${rig.program.pid}/fd`).length

/** Sends a request, and takes nothing of its answer. */
function sendUnread(scenario: string): Socket {
  const { port, hostname } = new URL(rig.program.url)
  const body = JSON.stringify(
    chat.client.body(rig.group(scenario), { prompt: "hi", stream: true }, []),
  )
  const socket = connect({ port: Number(port), host: hostname })
  socket.on("error", () => {})
  socket.pause()
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
}

/** A client for each of so many leaves when the upstream has its request. */
async function leave(scenario: string, pair: Pair, many: number): Promise<number[]> {
  const last = PHASES[scenario]!.length - 1
  const before = rig.seen(scenario, pair, last).length
  const clients = Array.from({ length: many }, () => new AbortController())
  const answers = clients.map(async ({ signal }) => {
    const response = await rig.send(scenario, pair, { signal })
    for await (const _ of response.body!) {
      // Until it breaks off.
    }
  })
  const mine = () => rig.seen(scenario, pair, last).slice(before)
  await until(() => mine().length === many)
  if (scenario === "C01-middle") await until(() => mine().every(({ tokens }) => tokens === 2))
  const left = performance.now()
  for (const client of clients) client.abort()
  expect((await Promise.allSettled(answers)).every(({ status }) => status === "rejected")).toBe(
    true,
  )
  await until(() => mine().every(({ closedAt }) => closedAt !== undefined))
  expect(mine().every(({ aborted }) => aborted)).toBe(true)
  return mine().map(({ closedAt }) => closedAt! - left)
}

test("C01 a thousand clients leave at any time: their upstreams are left, too, and the ledger knows", async () => {
  const took = await each(pairs, async (pair) => {
    const all: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const phase of Object.keys(PHASES)) all.push(...(await leave(phase, pair, AT_ONCE)))
    }
    return all
  })
  const sorted = took.flat().sort((a, b) => a - b)
  expect(sorted.length).toBeGreaterThan(1000)
  // In milliseconds; it takes a few, on a machine that has nothing else to do.
  expect(sorted[sorted.length >> 1]).toBeLessThan(1000)
  await each(pairs, async (pair) => {
    for (const phase of Object.keys(PHASES)) {
      const rows = await rig.rows(phase, pair, AT_ONCE * ROUNDS)
      const outcomes = new Set(rows.map(({ status, error }) => `${status} ${error}`))
      expect([pair.name, phase, rows.length, [...outcomes]]).toEqual([
        ...[pair.name, phase, AT_ONCE * ROUNDS],
        ["499 client-gone"],
      ] as never)
    }
  })
  expect(rig.program.status()).toBeNull()
  expect((await rig.ask("C03", chat, { talk: ASK })).status).toBe(200)
})

test("C02 a hundred clients that read nothing of endless answers cost a little each", async () => {
  const before = rig.memory()
  const sockets = Array.from({ length: 100 }, () => sendUnread("C02"))
  const seen = () => rig.seen("C02", chat, 0)
  await until(() => seen().length === 100)
  const sum = () => seen().reduce((bytes, { sent }) => bytes + sent, 0)
  let last = -1
  await until(async () => {
    const now = sum()
    const still = now === last
    last = now
    if (!still) await Bun.sleep(300)
    return still
  }, 30_000)
  // What the upstream has got rid of is in the sockets' buffers, and little of it in the router.
  expect(rig.memory() - before).toBeLessThan(last)
  expect((rig.memory() - before) / sockets.length).toBeLessThan(8 * MB)
  for (const socket of sockets) socket.destroy()
  await until(() => seen().every(({ aborted }) => aborted))
})

test("C11 clients that come and go leave neither files nor memory behind", async () => {
  const round = async () => {
    const clients = Array.from({ length: 100 }, async (_, n) => {
      const gone = new AbortController()
      const asked = rig.send("C11", pairs[n % pairs.length], { signal: gone.signal })
      if (n % 2 === 0) setImmediate(() => gone.abort())
      const answer = await asked.catch(() => undefined)
      await answer?.body
        ?.getReader()
        .read()
        .catch(() => {})
      gone.abort()
    })
    await Promise.all(clients)
    await until(() =>
      pairs.every((pair) => rig.seen("C11", pair, 0).every((r) => r.closedAt !== undefined)),
    )
  }
  const rounds = async (many: number) => {
    for (let n = 0; n < many; n++) await round()
    return { files: openFiles(), bytes: rig.memory() }
  }
  await rounds(4)
  const early = await rounds(6)
  const late = await rounds(12)
  expect(late.files).toBeLessThanOrEqual(early.files + 5)
  expect(late.bytes / early.bytes).toBeLessThan(1.5)
})

test("C03 clients that say next to nothing hold nobody up, and are hung up on", async () => {
  const all = Object.fromEntries(Object.keys(SLOWLY).map((name) => [name, SLOW]))
  const asked = rig.seen("C03", chat, 0).length
  await until(async () => {
    expect((await rig.ask("C03", chat, { talk: ASK })).status).toBe(200)
    await Bun.sleep(100)
    return Bun.deepEquals(slow.closed, all)
  }, 60_000)
  expect(rig.seen("C03", chat, 0).length).toBeGreaterThan(asked)
  expect(rig.program.status()).toBeNull()
})
