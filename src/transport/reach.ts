import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { OutgoingRequest } from "../core/provider.ts"

/** Milliseconds for which a host that answered is taken to be reachable. */
const TRUST = 10_000

/** The connect limit of one request. */
export interface ReachGuard {
  /** Aborted when the request's own signal is, or when the host was not reached in time. */
  readonly signal: AbortSignal
  readonly error: GatewayError | undefined
  /** Ends the guard: the request has its headers, or has failed. */
  release(answered: boolean): void
}

/**
 * The connect timeout that `fetch` does not have. While a host has not answered for a while, a
 * request to it opens a TCP connection of its own beside `fetch`; when that one does not open in
 * time, the request is given up. A host that keeps answering costs nothing.
 */
export function createReach(clock: Clock) {
  /** Monotonic milliseconds until which an origin is trusted. */
  const trusted = new Map<string, number>()

  return {
    guard(request: OutgoingRequest): ReachGuard {
      const target = request.proxy ?? request.url
      const origin = originOf(target)
      const report = (reached: boolean) => {
        if (reached) trusted.set(origin, clock.now() + TRUST)
        else trusted.delete(origin)
      }
      if (request.connectTimeout > 0 && !((trusted.get(origin) ?? 0) > clock.now())) {
        return connectGuard(request, new URL(target), report)
      }
      return {
        signal: request.signal,
        error: undefined,
        release: (answered) => answered && report(true),
      }
    },
  }
}

function originOf(url: string): string {
  const end = url.indexOf("/", url.indexOf("://") + 3)
  return end < 0 ? url : url.slice(0, end)
}

function connectGuard(
  request: OutgoingRequest,
  { hostname, port, protocol, host }: URL,
  report: (reached: boolean) => void,
): ReachGuard {
  const controller = new AbortController()
  // Stays after the headers: the body is read under the same signal.
  const leave = () => controller.abort(request.signal.reason)
  if (request.signal.aborted) leave()
  request.signal.addEventListener("abort", leave, { once: true })

  let error: GatewayError | undefined
  let settled = false
  const timer = setTimeout(() => {
    if (settled) return
    settled = true
    report(false)
    error = new GatewayError(
      "upstream-timeout",
      `Cannot reach ${host}: no connection within ${request.connectTimeout} ms.`,
      { code: "connect_timeout" },
    )
    controller.abort(error)
  }, request.connectTimeout)

  const opened = Bun.connect({
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    socket: {
      open(socket) {
        if (!settled) report(true)
        settled = true
        clearTimeout(timer)
        socket.end()
      },
      data() {},
      error() {},
      // A refused connection is reported by `fetch` itself, with its reason.
      connectError() {
        clearTimeout(timer)
      },
    },
  })
  opened.catch(() => clearTimeout(timer))

  return {
    signal: controller.signal,
    get error() {
      return error
    },
    release(answered) {
      if (answered) report(true)
      settled = true
      clearTimeout(timer)
    },
  }
}
