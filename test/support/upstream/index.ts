import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { answerWhole, play } from "./play.ts"
import { type RecordedRequest, recordRequest, takeRequest, wantedBytes } from "./request.ts"
import { type Op, parseScript, parseSize } from "./script.ts"
import { createWire, type Wire, type WireEvents } from "./wire.ts"

export { answerText, CACHED_TOKENS, DEFAULT_TOKENS, PROMPT_TOKENS, tokenText } from "./answers.ts"
export { closedPort } from "./closed-port.ts"
export type { RecordedRequest } from "./request.ts"

/** An answer written out by hand. */
export interface Reply {
  status?: number
  headers?: Readonly<Record<string, string>>
  /** Objects are sent as JSON; an iterable is sent chunk by chunk. */
  body?: string | Uint8Array | object | AsyncIterable<Uint8Array | string>
}

/** What to do with a request: a script such as `role|tok:3|rst`, or a reply. */
export type Behaviour = string | Reply

/** Chooses a behaviour by request; nothing leaves it to the model name. `index` counts from 0. */
export type Script = (
  request: RecordedRequest,
  index: number,
) => Behaviour | undefined | Promise<Behaviour | undefined>

export interface UpstreamOptions {
  script?: Script | string
  /** Accepts connections and never answers. */
  silent?: boolean
  /** 0, the default, takes a free one. */
  port?: number
}

/** A server that misbehaves on request. */
export interface Upstream {
  /** `http://127.0.0.1:<port>/v1`. */
  readonly url: string
  readonly port: number
  /** Every request since the start or the last `reset`, oldest first. */
  readonly requests: readonly RecordedRequest[]
  /** Connections accepted since the start, and how many are open. */
  readonly connections: { accepted: number; open: number }
  /** Replaces the script for requests to come; undefined goes back to model names. */
  script(script: Script | string | undefined): void
  /** Requests so far, or those of one model. */
  count(model?: string): number
  /** Resolves as soon as the predicate holds. @throws Error after `withinMs` (10,000). */
  waitFor(predicate: (upstream: Upstream) => boolean, withinMs?: number): Promise<void>
  /** Forgets the recorded requests and the script. */
  reset(): void
  /** Closes every connection and stops listening. */
  close(): Promise<void>
}

/** Starts an upstream on loopback. Without a script, the model name says what it does. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  let requests: RecordedRequest[] = []
  let script = options.script
  const sockets = new Set<Socket>()
  const connections = { accepted: 0, open: 0 }
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const check of [...waiting]) check()
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    const connection = connections.accepted++
    connections.open++
    socket.setNoDelay(true)
    socket.on("error", () => {})
    socket.on("close", () => {
      sockets.delete(socket)
      connections.open--
      changed()
    })
    changed()
    if (options.silent) socket.resume()
    else serve(socket, connection)
  })

  function serve(socket: Socket, connection: number) {
    let parts: Buffer[] = []
    let size = 0
    let wanted = 0
    let buffer: Buffer = Buffer.alloc(0)
    let served = 0
    let busy = false
    let lied = false
    const next = async () => {
      // A connection that was broken on purpose is closed for what comes over it, too.
      if (lied) socket.destroy()
      if (busy || lied) return
      const taken = takeRequest(buffer)
      if (taken === "continue") socket.write("HTTP/1.1 100 Continue\r\n\r\n")
      if (!taken || taken === "continue") return
      busy = true
      buffer = taken.rest
      parts = buffer.length > 0 ? [buffer] : []
      size = buffer.length
      wanted = 0
      const record = recordRequest(taken.request, {
        index: requests.length,
        connection,
        reused: served++ > 0,
      })
      requests.push(record)
      changed()
      await answer(socket, record, script, {
        lied: () => {
          lied = true
        },
        sent: changed,
      })
      record.finished = !lied && !socket.destroyed
      busy = false
      if (record.headers["connection"]?.toLowerCase() === "close") socket.end()
      changed()
      await next()
    }
    socket.on("data", (chunk: Buffer) => {
      parts.push(chunk)
      size += chunk.length
      // Looks at a big body only when all of it is there.
      if (size < wanted) return
      buffer = parts.length > 1 ? Buffer.concat(parts) : chunk
      wanted = wantedBytes(buffer)
      void next()
    })
    socket.on("close", () => {
      for (const record of requests.filter((each) => each.connection === connection)) {
        record.closedAt = performance.now()
        record.aborted = !record.finished && !lied
      }
      changed()
    })
  }

  server.listen(options.port ?? 0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo

  const upstream: Upstream = {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    get requests() {
      return requests
    },
    connections,
    script(next) {
      script = next
    },
    count: (model) =>
      requests.filter((request) => model === undefined || request.model === model).length,
    waitFor: (predicate, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!predicate(upstream)) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve()
        }
        const timer = setTimeout(() => {
          waiting.delete(check)
          const seen = requests.map(
            ({ model, aborted, finished }) => `${model} aborted=${aborted} finished=${finished}`,
          )
          const text = `not so within ${withinMs} ms: ${predicate}; requests: [${seen.join(", ")}]`
          reject(new Error(text))
        }, withinMs)
        waiting.add(check)
        check()
      }),
    reset() {
      requests = []
      script = undefined
    },
    async close() {
      const closed = once(server, "close")
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return upstream
}

async function answer(
  socket: Socket,
  record: RecordedRequest,
  script: Script | string | undefined,
  events: WireEvents,
): Promise<void> {
  let wire = createWire(socket, record, { split: 0, compress: undefined }, events)
  try {
    const chosen = typeof script === "function" ? await script(record, record.index) : script
    const behaviour = chosen ?? record.model
    if (typeof behaviour === "object") return await sendReply(behaviour, wire)
    const ops = parseScript(behaviour) ?? []
    wire = createWire(socket, record, wireSettings(ops), events)
    await play(ops, record, wire)
  } catch (error) {
    const body = JSON.stringify({ error: { message: `bad script: ${error}`, type: "test_bug" } })
    await answerWhole(wire, 599, { "content-type": "application/json" }, body)
  }
}

const CODINGS = { gz: "gzip", br: "br", zstd: "zstd" } as const

function wireSettings(ops: readonly Op[]) {
  const split = ops.find((op) => op.name === "split")
  const compress = ops.find(({ name }) => name in CODINGS)?.name as keyof typeof CODINGS | undefined
  return {
    split: split ? parseSize(split.arg || "1") : 0,
    compress: compress && CODINGS[compress],
  }
}

async function sendReply({ status = 200, headers = {}, body = "" }: Reply, wire: Wire) {
  if (typeof body === "object" && Symbol.asyncIterator in body) {
    await wire.head(status, { "content-type": "text/event-stream; charset=utf-8", ...headers })
    for await (const chunk of body) {
      if (wire.closed) break
      await wire.body(chunk)
    }
    return wire.end()
  }
  const raw = typeof body === "string" || body instanceof Uint8Array
  const all = { "content-type": "application/json", ...headers }
  await answerWhole(wire, status, all, raw ? body : JSON.stringify(body))
}
