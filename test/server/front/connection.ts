import { connect } from "node:net"
import { takeAnswer, type Answer } from "./answer.ts"

/** Milliseconds after which an answer that does not come is a failure of the test. */
const PATIENCE = 20_000

/** One connection of a client that writes exactly what it is told. */
export interface Connection {
  /** Resolves when the system has taken the bytes; at once where the other side is gone. */
  send(bytes: string | Uint8Array): Promise<void>
  /** The next whole answer; undefined when the connection ended before. @param method of its request */
  answer(method?: string): Promise<Answer | undefined>
  /** Bytes that have come and belong to no answer yet. */
  rest(): Buffer
  /** Whether what has come ends so. */
  endsWith(text: string): boolean
  /** Bytes that have come since the connection opened. */
  received(): number
  readonly ended: boolean
  /** Resolves when the other side has ended it. */
  readonly end: Promise<void>
  /** Reads nothing until `resume`. */
  pause(): void
  resume(): void
  /** Says that nothing more will be sent. */
  finish(): void
  reset(): void
  close(): void
}

/** Opens a connection to a router. */
export async function open(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
  const { promise: end, resolve: hasEnded } = Promise.withResolvers<void>()
  let parts: Buffer[] = []
  let count = 0
  let ended = false
  let wake = () => {}
  const over = () => {
    ended = true
    hasEnded()
    wake()
  }
  socket.on("data", (bytes: Buffer) => {
    parts.push(bytes)
    count += bytes.length
    wake()
  })
  socket.on("end", over)
  socket.on("close", over)
  // A reset ends the connection, too.
  socket.on("error", over)
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve)
    socket.once("error", reject)
  })
  const rest = () => {
    if (parts.length > 1) parts = [Buffer.concat(parts)]
    return parts[0] ?? Buffer.alloc(0)
  }
  const more = () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      const held = rest().toString("latin1").slice(0, 500)
      reject(new Error(`neither an answer nor an end, only ${JSON.stringify(held)}`))
    }, PATIENCE)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
    return promise
  }
  return {
    send: (bytes) =>
      new Promise((resolve) => {
        if (ended) return resolve()
        const settle = () => {
          socket.off("close", settle)
          resolve()
        }
        socket.once("close", settle)
        socket.write(bytes, settle)
      }),
    async answer(method = "POST") {
      for (;;) {
        const taken = takeAnswer(rest(), method, ended)
        if (taken) {
          parts = taken.rest.length > 0 ? [taken.rest] : []
          return taken.answer
        }
        if (ended) return undefined
        await more()
      }
    },
    rest,
    endsWith(text) {
      const last = Buffer.concat(parts.slice(-text.length))
      return last.toString("latin1", Math.max(0, last.length - text.length)) === text
    },
    received: () => count,
    get ended() {
      return ended
    },
    end,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
  }
}
