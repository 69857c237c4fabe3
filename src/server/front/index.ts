import { Bag } from "../../core/bag.ts"
import type { ServedProtocol } from "../../core/protocol.ts"
import type { Runtime } from "../../runtime.ts"
import { IDLE_SECONDS, type Listener } from "../listener.ts"
import { Connection, type House } from "./connection.ts"
import { createPlaces, type Places } from "./places.ts"

export interface FrontOptions {
  runtime: Runtime
  /** Asked for when the first request comes. */
  readonly protocols: readonly ServedProtocol[]
  listener: Listener
  hostname: string
  /** 0 is any that is free. */
  port: number
  /** Whether other processes may listen on the same port. */
  reusePort: boolean
  /** Begins Elysia's own server, on this machine, where it has not begun: its port. */
  inner: () => number
  /** Seconds without a byte after which a connection is closed, while no answer is under way. */
  idleSeconds?: number
  /** Seconds after which a client that takes nothing of its answer is hung up on. */
  stallSeconds?: number
}

/** A client that waits so long takes no more: what it holds up is an upstream, and a place there. */
const STALL_SECONDS = 120

/** The socket that callers reach. */
export interface Front {
  readonly hostname: string
  readonly port: number
  /** Takes no more connections and closes those on which nothing is under way. Resolves when none is left. */
  stop(): Promise<void>
  /** Ends all connections. */
  end(): void
}

const handlers = (connections: Bag<Connection>, house: House): Bun.SocketHandler<Connection> => ({
  open(socket) {
    socket.data = new Connection(house, socket)
    connections.add(socket.data)
  },
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drained(),
  close: (socket) => socket.data.closed(),
  error(socket, error) {
    house.runtime.logger.error("a connection failed inside the router", {
      cause: error.stack ?? error.message,
    })
    socket.terminate()
    socket.data.closed()
  },
})

/**
 * Serves plain requests of the routes that ask upstreams on sockets of its own, which costs a third of
 * what a general server does. Connections with any other request are passed on to Elysia's server, which
 * has all routes.
 *
 * @throws Error where it cannot listen
 */
export function openFront(options: FrontOptions): Front {
  const { runtime, listener, hostname, port, reusePort, inner } = options
  const { idleSeconds = IDLE_SECONDS, stallSeconds = STALL_SECONDS } = options
  const connections = new Bag<Connection>()
  const peers = new Map<number, string>()
  let closing = false
  let seconds = 0
  let left: (() => void) | undefined
  let places: Places | undefined
  const house: House = {
    runtime,
    listener,
    get places() {
      places ??= createPlaces(options.protocols)
      return places
    },
    get port() {
      return inner()
    },
    peers,
    get seconds() {
      return seconds
    },
    get closing() {
      return closing
    },
    gone(connection) {
      connections.delete(connection)
      if (connections.size === 0) left?.()
    },
  }
  // The types do not know the last one, which Bun takes all the same.
  const listening = { hostname, port, socket: handlers(connections, house), reusePort }
  const server = Bun.listen<Connection>(listening)
  listener.host = hostname
  listener.passages = peers
  const timer = setInterval(() => {
    seconds++
    connections.forEach((connection) => {
      if (connection.hasStalled(stallSeconds)) connection.cut()
      else if (connection.isIdleSince(seconds - idleSeconds)) connection.close()
    })
  }, 1000)
  timer.unref()

  return {
    hostname,
    port: server.port,
    stop() {
      closing = true
      server.stop()
      connections.forEach((connection) => {
        if (connection.isFree) connection.close()
      })
      const { promise, resolve } = Promise.withResolvers<void>()
      if (connections.size === 0) resolve()
      left = resolve
      return promise
    },
    end() {
      clearInterval(timer)
      server.stop(true)
    },
  }
}
