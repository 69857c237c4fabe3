import type { Server } from "bun"
import { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"

/** Seconds without a byte after which a connection is closed, while no answer is under way. */
export const IDLE_SECONDS = 30

/** Addresses that only this machine can reach. */
export const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/i

/** The listening socket's state, as handlers need it. */
export interface Listener {
  server: Server<unknown> | undefined
  /** Whether other machines can reach it. */
  readonly exposed: boolean
  /** Set once the process has been asked to end: new requests are refused. */
  readonly draining: boolean
  /** An answer is under way: it may be silent for as long as it likes. */
  begin(request: Request, exchange: Exchange): void
  /** It is over: the idle limit counts again for the connection. */
  end(request: Request, exchange: Exchange): void
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

export function createListener(): Listener {
  const active = new Set<Exchange>()
  let draining = false
  let exposed: boolean | undefined
  let idle: (() => void) | undefined
  return {
    server: undefined,
    get exposed() {
      exposed ??= this.server && !LOOPBACK.test(this.server.hostname ?? "")
      return exposed ?? false
    },
    get draining() {
      return draining
    },
    begin(request, exchange) {
      active.add(exchange)
      this.server?.timeout(request, 0)
    },
    end(request, exchange) {
      active.delete(exchange)
      this.server?.timeout(request, IDLE_SECONDS)
      if (active.size === 0) idle?.()
    },
    drain() {
      draining = true
      const { promise, resolve } = Promise.withResolvers<void>()
      if (active.size === 0) resolve()
      idle = resolve
      return promise
    },
    cut() {
      for (const exchange of active) exchange.cut?.(shuttingDown())
    },
  }
}
