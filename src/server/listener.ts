import type { Server } from "bun"
import { Bag } from "../core/bag.ts"
import { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"

/** Seconds without a byte after which a connection is closed, while no answer is under way. */
export const IDLE_SECONDS = 30

/** Addresses that only this machine can reach. */
export const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/i

/** The listening socket's state, as handlers need it. */
export interface Listener {
  /** Elysia's own server. */
  server: Server<unknown> | undefined
  /** The address that callers reach, where it is not that server's own. */
  host: string | undefined
  /** The addresses of those whose connections are passed on to that server, by the port from which they come. */
  passages: ReadonlyMap<number, string> | undefined
  /** Whether other machines can reach it. */
  readonly exposed: boolean
  /** Set once the process has been asked to end: new requests are refused. */
  readonly draining: boolean
  /** Whether no answer is under way. */
  readonly quiet: boolean
  /** An answer is under way. */
  begin(exchange: Exchange): void
  /** It is over. */
  end(exchange: Exchange): void
  /** The address of a request's client; empty where it cannot be told any more. */
  addressOf(request: Request): string
  /** Refuses new requests. Resolves when no answer is under way. */
  drain(): Promise<void>
  /** Ends every answer that is under way: its client is told why. */
  cut(): void
}

/** Why a router that is asked to end serves nothing more. */
export function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "The router is shutting down. Please try again.", {
    code: "shutting_down",
    retryAfterMs: 1000,
  })
}

/** @param stir told that an answer begins */
export function createListener(stir?: () => void): Listener {
  const active = new Bag<Exchange>()
  let draining = false
  let exposed: boolean | undefined
  let idle: (() => void) | undefined
  return {
    server: undefined,
    host: undefined,
    passages: undefined,
    get exposed() {
      const host = this.host ?? this.server?.hostname
      if (host !== undefined) exposed ??= !LOOPBACK.test(host)
      return exposed ?? false
    },
    get draining() {
      return draining
    },
    get quiet() {
      return active.size === 0
    },
    begin(exchange) {
      active.add(exchange)
      stir?.()
    },
    end(exchange) {
      active.delete(exchange)
      if (active.size === 0) idle?.()
    },
    addressOf(request) {
      const from = this.server?.requestIP(request)
      // Whose connection is gone might have been anybody.
      return (from && (this.passages ? this.passages.get(from.port) : from.address)) ?? ""
    },
    drain() {
      draining = true
      const { promise, resolve } = Promise.withResolvers<void>()
      if (active.size === 0) resolve()
      idle = resolve
      return promise
    },
    cut() {
      active.forEach((exchange) => void exchange.work?.cut(shuttingDown()))
    },
  }
}
