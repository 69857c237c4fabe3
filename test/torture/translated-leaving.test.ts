import { afterEach, describe, expect, test } from "bun:test"
import { generateKeyPairSync } from "node:crypto"
import type { PushedBody } from "../../src/core/exchange.ts"
import type { ServedProtocol } from "../../src/core/protocol.ts"
import { protocols } from "../../src/protocols/index.ts"
import { directStream } from "../../src/server/direct-stream.ts"
import { closing, until } from "../support/cleanup.ts"
import { type ConfigFile, type Router, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { clients } from "../matrix/clients/index.ts"
import type { Client } from "../matrix/talk.ts"
import { ASK, ASK_STREAM, everywhere, requestOf, translatedPairs } from "./support/everywhere.ts"
import type { Trial } from "../../src/routing/health.ts"

const use = closing()

/** A server that takes requests and never answers them, and knows who has gone. */
function silent() {
  const server = { asked: 0, left: 0 }
  const listening = Bun.serve({
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      server.asked++
      request.signal.addEventListener("abort", () => {
        server.left++
      })
      return new Promise<Response>(() => {})
    },
  })
  return Object.assign(server, {
    url: `http://127.0.0.1:${listening.port}`,
    close: () => listening.stop(true),
  })
}

/** Deadlines that the router has not let go of. */
function watched(router: Router) {
  const { watchdog } = router.runtime.context
  const open = new Set<unknown>()
  const { watch, release } = watchdog
  watchdog.watch = (deadline) => {
    const { expire } = deadline
    deadline.expire = () => {
      open.delete(deadline)
      expire.call(deadline)
    }
    open.add(deadline)
    watch(deadline)
  }
  watchdog.release = (deadline) => {
    open.delete(deadline)
    release(deadline)
  }
  return open
}

/** Trials of channels that have not ended. */
function trials(router: Router) {
  const { health } = router.runtime.context
  const open = new Set<unknown>()
  const { begin } = health
  health.begin = (channel) => {
    const trial = begin(channel)
    open.add(trial)
    return trial
  }
  for (const end of ["succeed", "fail", "release"] as const) {
    const own = health[end] as (trial: Trial, detail?: unknown) => void
    health[end] = (trial: Trial, detail?: unknown) => {
      open.delete(trial)
      own.call(health, trial, detail)
    }
  }
  return open
}

async function start(config: ConfigFile) {
  const router = await use(startRouter(config))
  return { router, deadlines: watched(router), trials: trials(router) }
}

/** One exchange is in the ledger, as one that its client has left; and nothing is left of it. */
async function gone({ router, deadlines, trials }: Awaited<ReturnType<typeof start>>) {
  await router.listener.drain()
  // The row comes a few turns before the end of the attempt, or after the drain.
  await until(() => trials.size + deadlines.size === 0)
  await until(async () => (await router.rows()).length > 0)
  const rows = await router.rows()
  expect(rows.map(({ status, error }) => ({ status, error }))).toEqual([
    { status: 499, error: "client-gone" },
  ])
}

const PICTURE = (client: Client, url: string) => {
  switch (client.ingress) {
    case "openai-chat":
      return { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] }
    case "openai-responses":
      return { input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] }
    case "anthropic-messages":
      return {
        max_tokens: 10,
        messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url } }] }],
      }
    default:
      return { contents: [{ role: "user", parts: [{ fileData: { fileUri: url } }] }] }
  }
}

let abort = new AbortController()
afterEach(() => {
  abort = new AbortController()
})

const send = (router: Router, path: string, body: unknown, headers?: Record<string, string>) =>
  fetch(router.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
    signal: abort.signal,
  })

describe("a client that leaves while a file is fetched", () => {
  for (const client of clients) {
    for (const stream of [false, true]) {
      test(`${client.ingress}, ${stream ? "streaming" : "not streaming"}`, async () => {
        const files = await use(silent())
        const upstream = await use(startUpstream({ script: "ok" }))
        const own = await start(
          everywhere(upstream.port, { fetchMedia: "any", server: { keepAlive: 0 } }),
        )
        const target = "bedrock-converse"
        const body = { model: target, stream, ...PICTURE(client, `${files.url}/a.png`) }
        const answer = send(own.router, client.path(target, stream), body, client.headers)
        await until(() => files.asked === 1)
        abort.abort()
        await answer.catch(() => {})
        await until(() => files.left === 1)
        await gone(own)
        expect(upstream.count()).toBe(0)
      })
    }
  }

  test("with the first keepalives sent already", async () => {
    const files = await use(silent())
    const upstream = await use(startUpstream({ script: "ok" }))
    const own = await start(
      everywhere(upstream.port, { fetchMedia: "any", server: { keepAlive: "20ms" } }),
    )
    const [client] = clients
    const body = {
      model: "bedrock-converse",
      stream: true,
      ...PICTURE(client!, `${files.url}/a.png`),
    }
    const answer = await send(own.router, "/v1/chat/completions", body)
    await answer.body!.getReader().read()
    abort.abort()
    await until(() => files.left === 1)
    await gone(own)
  })
})

test("a router that ends does not wait for a file that is fetched", async () => {
  const files = await use(silent())
  const upstream = await use(startUpstream({ script: "ok" }))
  const own = await start(everywhere(upstream.port, { fetchMedia: "any" }))
  const body = { model: "bedrock-converse", ...PICTURE(clients[0]!, `${files.url}/a.png`) }
  const answer = send(own.router, "/v1/chat/completions", body)
  await until(() => files.asked === 1)
  own.router.listener.cut()
  expect((await answer).status).toBe(503)
  await own.router.listener.drain()
  // The attempt ends some turns after its caller has the answer.
  await until(() => own.trials.size + own.deadlines.size === 0)
})

describe("while a token is asked for", () => {
  const account = () =>
    JSON.stringify({
      type: "service_account",
      project_id: "p",
      client_email: "a@p.iam.gserviceaccount.com",
      private_key: generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString(),
    })
  const config = (tokens: string) => ({
    providers: {
      vertex: { type: "vertex", tokenUrl: tokens, keys: [account()] },
    },
    groups: { g: ["vertex/gemini-3.5-flash"] },
    retries: { attempts: 0 },
  })

  test.each([false, true])("a client may leave (streaming: %p)", async (stream) => {
    const tokens = await use(silent())
    const own = await start(config(tokens.url))
    const answer = send(own.router, "/v1/chat/completions", {
      model: "g",
      stream,
      messages: [{ role: "user", content: "hi" }],
    })
    await until(() => tokens.asked === 1)
    abort.abort()
    await answer.catch(() => {})
    await gone(own)
  })

  test("the router may end", async () => {
    const tokens = await use(silent())
    const own = await start(config(tokens.url))
    const answer = send(own.router, "/v1/chat/completions", {
      model: "g",
      messages: [{ role: "user", content: "hi" }],
    })
    await until(() => tokens.asked === 1)
    own.router.listener.cut()
    expect((await answer).status).toBe(503)
    await own.router.listener.drain()
    expect([...own.trials]).toEqual([])
  })
})

describe("a client that leaves while nobody reads", () => {
  async function early(script: string) {
    const upstream = await use(startUpstream({ script }))
    const own = await start(everywhere(upstream.port, { server: { keepAlive: "20ms" } }))
    const [, client, target] = translatedPairs[0]!
    const { path, body, headers } = requestOf(client, target.id, ASK_STREAM)
    const protocol = protocols.get(client.ingress) as ServedProtocol
    const leaving = new AbortController()
    const { clock } = own.router.runtime.context
    let ended = 0
    const reply = own.router.runtime.handle({
      ...{ id: "req_1", protocol, operation: "chat", path, query: "" },
      ...{ headers: new Headers(headers), body: Buffer.from(body), signal: leaving.signal },
      ...{ arrived: clock.now(), time: clock.wall(), ended: () => ended++ },
    })
    return { upstream, own, reply, leaving, ended: () => ended }
  }

  test("behind the keepalives of an answer that has just begun", async () => {
    const { upstream, own, reply, leaving, ended } = await early("gate|role|tok:2|stall")
    const reader = directStream((await reply).body as PushedBody).getReader()
    await reader.read()
    await upstream.waitFor(({ requests }) => requests.length === 1)
    const answered = Promise.withResolvers<void>()
    const { health } = own.router.runtime.context
    const { answered: tell } = health
    health.answered = (trial) => {
      tell(trial)
      answered.resolve()
    }
    upstream.requests[0]!.gate.open()
    await answered.promise
    leaving.abort()
    await reader.cancel().catch(() => {})
    await upstream.waitFor(({ requests }) => requests[0]?.closedAt !== undefined)
    await until(() => own.trials.size === 0)
    await until(() => own.deadlines.size === 0)
    expect(ended()).toBe(1)
    expect(await own.router.rows()).toMatchObject([{ status: 499, error: "client-gone" }])
  })

  test("before its stream is there", async () => {
    const { upstream, own, reply, leaving, ended } = await early("role|tok:2|stall")
    const { health } = own.router.runtime.context
    const { answered: tell } = health
    health.answered = (trial) => {
      tell(trial)
      leaving.abort()
    }
    await reply
    await upstream.waitFor(({ requests }) => requests[0]?.closedAt !== undefined)
    await until(() => own.trials.size === 0)
    await until(() => own.deadlines.size === 0)
    expect(ended()).toBe(1)
    expect(await own.router.rows()).toMatchObject([{ status: 499, error: "client-gone" }])
  })
})

describe("a client that leaves a translated answer", () => {
  const PHASES: Record<string, string> = {
    "before the upstream's headers": "stall",
    "before the first content": "hdr|stall",
    "in the middle": "role|tok:2|stall",
  }
  for (const [phase, script] of Object.entries(PHASES)) {
    for (const early of ["0ms", "20ms"]) {
      test(`${phase}${early === "0ms" ? "" : ", with keepalives"}`, async () => {
        const upstream = await use(startUpstream({ script }))
        const own = await start(everywhere(upstream.port, { server: { keepAlive: early } }))
        for (const [name, client, target] of translatedPairs) {
          upstream.reset()
          upstream.script(script)
          abort = new AbortController()
          const { path, body, headers } = requestOf(client, target.id, ASK_STREAM)
          const answer = send(own.router, path, body, headers)
          await upstream.waitFor(({ requests }) => requests.length === 1)
          if (early !== "0ms" || phase === "in the middle") {
            const reader = (await answer).body!.getReader()
            await reader.read()
          }
          abort.abort()
          await answer.catch(() => {})
          await upstream
            .waitFor(({ requests }) => requests[0]?.closedAt !== undefined, 3000)
            .catch((error) => {
              throw new Error(`${name}: ${error.message}`)
            })
        }
        await own.router.listener.drain()
        const rows = await own.router.rows()
        expect(rows.length).toBe(translatedPairs.length)
        expect(
          rows.filter(({ status, error }) => status !== 499 || error !== "client-gone"),
        ).toEqual([])
        expect([...own.trials]).toEqual([])
        expect([...own.deadlines]).toEqual([])
      })
    }
  }

  test("while it is read whole, to be replayed", async () => {
    const upstream = await use(startUpstream())
    const own = await start(everywhere(upstream.port))
    for (const [, client, target] of translatedPairs) {
      upstream.reset()
      upstream.script(() => ({
        headers: { "content-type": "application/json" },
        body: (async function* () {
          yield "{"
          await new Promise(() => {})
        })(),
      }))
      abort = new AbortController()
      const { path, body, headers } = requestOf(client, target.id, ASK_STREAM)
      const answer = send(own.router, path, body, headers)
      await upstream.waitFor(({ requests }) => (requests[0]?.sent ?? 0) > 0)
      abort.abort()
      await answer.catch(() => {})
      await upstream.waitFor(({ requests }) => requests[0]?.closedAt !== undefined)
    }
    await own.router.listener.drain()
    const rows = await own.router.rows()
    expect(rows.map(({ status }) => status)).toEqual(translatedPairs.map(() => 499))
    expect([...own.trials]).toEqual([])
    expect([...own.deadlines]).toEqual([])
  })

  test("that does not stream", async () => {
    const upstream = await use(startUpstream({ script: "hdr|stall" }))
    const own = await start(everywhere(upstream.port))
    for (const [, client, target] of translatedPairs) {
      upstream.reset()
      upstream.script("stall")
      abort = new AbortController()
      const { path, body, headers } = requestOf(client, target.id, ASK)
      const answer = send(own.router, path, body, headers)
      await upstream.waitFor(({ requests }) => requests.length === 1)
      abort.abort()
      await answer.catch(() => {})
      await upstream.waitFor(({ requests }) => requests[0]?.closedAt !== undefined)
    }
    await own.router.listener.drain()
    const rows = await own.router.rows()
    expect(rows.map(({ status }) => status)).toEqual(translatedPairs.map(() => 499))
    expect([...own.trials]).toEqual([])
    expect([...own.deadlines]).toEqual([])
  })
})
