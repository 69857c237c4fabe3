import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { OutgoingRequest } from "../core/provider.ts"

/** Milliseconds for which a host that answered is taken to be reachable. */
const TRUST = 10_000

/** The connect limit of one request. */
export interface ReachGuard {
  /** Whether the host has answered a moment ago. */
  readonly trusted: boolean
  /** Aborted when the request's own signal is, or when the host was not reached in time. */
  readonly signal: AbortSignal
  readonly error: GatewayError | undefined
  /** Ends the guard: the request has its headers (`answered`), or has failed. */
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
  /** Connections that are being opened to find out, one an origin. */
  const opening = new Map<string, Promise<void>>()

  function open(origin: string): Promise<void> {
    let pending = opening.get(origin)
    if (!pending) {
      pending = connect(new URL(origin)).finally(() => opening.delete(origin))
      opening.set(origin, pending)
    }
    return pending
  }

  return {
    guard(request: OutgoingRequest): ReachGuard {
      const origin = originOf(request.proxy ?? request.url)
      const release = (answered: boolean) => {
        if (answered) trusted.set(origin, clock.now() + TRUST)
        else trusted.delete(origin)
      }
      const known = (trusted.get(origin) ?? 0) > clock.now()
      if (known || request.connectTimeout === 0) {
        return { trusted: known, signal: request.signal, error: undefined, release }
      }
      return connectGuard(request, origin, open(origin), release)
    },
  }
}

function originOf(url: string): string {
  const end = url.indexOf("/", url.indexOf("://") + 3)
  return end < 0 ? url : url.slice(0, end)
}

function connectGuard(
  request: OutgoingRequest,
  origin: string,
  opened: Promise<void>,
  release: ReachGuard["release"],
): ReachGuard {
  const controller = new AbortController()
  // Stays after the headers: the body is read under the same signal.
  const leave = () => controller.abort(request.signal.reason)
  if (request.signal.aborted) leave()
  request.signal.addEventListener("abort", leave, { once: true })

  let error: GatewayError | undefined
  const timer = setTimeout(() => {
    error = new GatewayError(
      "upstream-timeout",
      `Cannot reach ${new URL(origin).host}: no connection within ${request.connectTimeout} ms (\`timeouts.connect\`).`,
      { code: "connect_timeout" },
    )
    controller.abort(error)
  }, request.connectTimeout)
  const known = () => clearTimeout(timer)
  // A refused connection is reported by `fetch` itself, with its reason.
  opened.then(known, known)

  return {
    trusted: false,
    signal: controller.signal,
    get error() {
      return error
    },
    release(answered) {
      known()
      release(answered)
    },
  }
}

/** Opens a TCP connection and closes it. @throws whatever keeps it from opening */
async function connect({ hostname, port, protocol }: URL): Promise<void> {
  const socket = await Bun.connect({
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    socket: { data() {}, error() {} },
  })
  socket.end()
}
