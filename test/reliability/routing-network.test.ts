import { unpackRoute } from "../../src/core/route-text.ts"
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { createServer } from "node:http"
import { type AddressInfo, createServer as createTcp, type Socket } from "node:net"
import { emptyFolder } from "../support/program.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"
import { createAuthority, type Secured } from "./certificates.ts"
import { ASK, chat, groupOf, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const SECRET = "sk-provider-secret-0001"
const ANSWER = JSON.stringify({
  ...{ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m" },
  choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }],
})
const REDIRECTS = [301, 302, 303, 307, 308]
const ORIGINS = 200

const opened: { close(): unknown }[] = []
const own = <T extends { close(): unknown }>(each: T): T => {
  opened.push(each)
  return each
}

/**
 * A server on every loopback address that answers at once.
 *
 * @param fickle whether it takes one request of each connection, and resets it at the next
 */
async function plainServer(fickle: boolean) {
  const used = new WeakSet<Socket>()
  const made = { answered: 0, resets: 0, port: 0 }
  const server = createServer((request, response) => {
    if (fickle && used.has(request.socket)) {
      made.resets++
      request.socket.resetAndDestroy()
      return
    }
    used.add(request.socket)
    request.resume().on("end", () => {
      made.answered++
      response.setHeader("content-type", "application/json").end(ANSWER)
    })
  })
  await new Promise<void>((listens) => server.listen(0, "0.0.0.0", listens))
  own({ close: () => server.close().closeAllConnections() })
  made.port = (server.address() as AddressInfo).port
  return made
}

let rig: Rig
let elsewhere: Upstream
let fickle: Awaited<ReturnType<typeof plainServer>>
let tls: Record<"good" | "expired" | "elsewhere" | "selfmade", Secured>
beforeAll(async () => {
  const folder = own(emptyFolder())
  const [trusted, unknown] = [
    createAuthority(folder.path),
    createAuthority(own(emptyFolder()).path),
  ]
  const here = "IP:127.0.0.1"
  tls = {
    good: own(await trusted.serve("good", here, 2, ANSWER)),
    expired: own(await trusted.serve("expired", here, -1, ANSWER)),
    elsewhere: own(await trusted.serve("elsewhere", "DNS:elsewhere.test", 2, ANSWER)),
    selfmade: own(await unknown.serve("selfmade", here, 2, ANSWER)),
  }
  const plain = await plainServer(false)
  fickle = await plainServer(true)
  elsewhere = own(await startUpstream({ script: "ok" }))
  const redirecting = own(
    await startUpstream({
      script: ({ model }) => ({
        status: Number(model),
        headers: { location: `${elsewhere.url}/chat/completions` },
        body: "",
      }),
    }),
  )
  const mute = createTcp((socket) => void socket.on("error", () => {}).resume())
  await new Promise<void>((listens) => mute.listen(0, "127.0.0.1", listens))
  own({ close: () => void mute.close() })
  const stall = `https://127.0.0.1:${(mute.address() as AddressInfo).port}/v1`

  const origins = Array.from({ length: ORIGINS }, (_, n) => `origin${n}`)
  const hosts: Record<string, string> = {
    ...Object.fromEntries(
      origins.map((name, n) => [name, `http://127.0.1.${n + 1}:${plain.port}/v1`]),
    ),
    idle: `http://127.0.0.1:${fickle.port}/v1`,
    localhost: `http://localhost:${elsewhere.port}/v1`,
    nowhere: "http://nobody.invalid/v1",
    hole: "http://192.0.2.1/v1",
    hole6: "http://[100::1]/v1",
    ...Object.fromEntries(Object.entries(tls).map(([name, { url }]) => [name, url])),
    stall,
    redirecting: redirecting.url,
  }
  const alone = [...origins, "idle", "localhost", "good"]
  const providers = Object.fromEntries(
    Object.entries(hosts).map(([name, baseUrl]) => [
      name,
      {
        ...{ type: "openai-compatible", baseUrl, keys: [SECRET] },
        // The others must not be told apart from a slow machine.
        ...(alone.includes(name) ? {} : { timeouts: { connect: "700ms" } }),
      },
    ]),
  )
  const groups = Object.fromEntries([
    ...Object.keys(hosts).map((name) => [
      groupOf(name),
      [`${name}/m`, ...(alone.includes(name) ? [] : [`${chat.target.id}/ok`])],
    ]),
    ...REDIRECTS.map((status) => [
      groupOf(`redirect${status}`),
      [`redirecting/${status}`, `${chat.target.id}/ok`],
    ]),
  ])
  rig = await startRig(
    { R09: ["role|tok:40@50ms|done"] },
    {
      pairs: [chat],
      config: { providers, groups, retries: { attempts: 0 } },
      env: { NODE_EXTRA_CA_CERTS: trusted.file },
    },
  )
})
afterAll(() => Promise.all([rig, ...opened].map((each) => each.close())))

const ask = (name: string) => rig.ask(name, chat, { talk: ASK })

/** The first upstream gave nothing; the second one did, and soon. @returns what was wrong */
async function leadsOn(name: string): Promise<string> {
  const { status, headers } = await ask(name)
  expect([name, status, headers.get("x-llmrouter-attempts")]).toEqual([name, 200, "2"])
  const [row] = await rig.rows(name)
  expect([name, Number(row!["duration"]) < 5000]).toEqual([name, true])
  const { attempts } = unpackRoute(row!["route"] as string)
  return `${attempts[0]!.outcome}: ${attempts[0]!.message}`
}

test("R09 a stream in use outlives hundreds of other connections", async () => {
  const stream = rig.ask("R09")
  for (let turn = 0; turn < 2; turn++) {
    const all = Array.from({ length: ORIGINS }, (_, n) => ask(`origin${n}`))
    expect((await Promise.all(all)).filter(({ status }) => status !== 200)).toEqual([])
  }
  expect(rig.seen("R09", chat, 0)[0]!.finished).toBe(false)
  const { heard } = await stream
  expect([heard.error, heard.ended]).toEqual([undefined, true])
})

test("R10 idle connections that the upstream drops at their next request cost no request", async () => {
  for (const many of [40, 1, 1, 1, 40, 40, 1]) {
    const all = await Promise.all(Array.from({ length: many }, () => ask("idle")))
    for (const { status, headers } of all) {
      expect([many, status, headers.get("x-llmrouter-attempts")]).toEqual([many, 200, "1"])
    }
  }
  expect(fickle.answered).toBe(124)
  expect(fickle.resets).toBeGreaterThan(5)
})

test("R11 a name that leads nowhere or into a hole leads on soon, and one with a closed address works", async () => {
  expect((await ask("localhost")).status).toBe(200)
  const faults = await Promise.all(["nowhere", "hole", "hole6"].map(leadsOn))
  for (const fault of faults)
    expect(fault).toMatch(/^upstream-(unreachable|timeout): .*Cannot reach/)
})

test("R12 an upstream whose certificate is wrong gets neither the request nor the key", async () => {
  expect((await ask("good")).status).toBe(200)
  expect(tls.good.heard.requests).toBe(1)
  const faults = await Promise.all(["expired", "elsewhere", "selfmade", "stall"].map(leadsOn))
  expect(faults).toEqual([
    expect.stringContaining("CERT_HAS_EXPIRED"),
    expect.stringContaining("ALTNAME_INVALID"),
    expect.stringContaining("UNABLE_TO_VERIFY"),
    expect.stringContaining("timeouts.connect"),
  ])
  for (const name of ["expired", "elsewhere", "selfmade"] as const) {
    expect([name, tls[name].heard.requests]).toEqual([name, 0])
    expect(tls[name].heard.reached).toBeGreaterThan(0)
  }
  expect(faults.join()).not.toContain(SECRET)
})

test("R13 a redirect to another origin is not followed: neither the request nor the key gets there", async () => {
  const before = elsewhere.connections.accepted
  const faults = await Promise.all(REDIRECTS.map((status) => leadsOn(`redirect${status}`)))
  expect(faults.every((fault) => fault.startsWith("upstream-invalid"))).toBe(true)
  expect(elsewhere.connections.accepted).toBe(before)
})
