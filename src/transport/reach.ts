import type { Clock } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import { type EndSignal, Life } from "../core/life.ts"
import { lateNet } from "../core/late-modules.ts"
import type { OutgoingRequest } from "../core/provider.ts"
import { connectTimedOut } from "./unreachable.ts"

/** Milliseconds for which a host that answered is taken to be reachable. */
const TRUST = 10_000

/** The connect limit of one request. */
export interface ReachGuard {
  /** Whether the host has answered a moment ago, be it after this request began. */
  readonly trusted: boolean
  /** Aborted when the request's own signal is, or when the host was not reached in time. */
  readonly signal: EndSignal
  readonly error: GatewayError | undefined
  /** Ends the guard: the request has its headers (`answered`), or has failed. */
  release(answered: boolean): void
}

/** A connection that is being opened to find out if a host can be reached. */
interface Opening {
  /** Settles when it is open, with TLS where the URL has it, or has failed; never once it was stopped. */
  readonly done: Promise<void>
  stop(): void
}

/**
 * The connect timeout that `fetch` does not have. While a host has not answered for a while, a
 * request to it opens a connection of its own beside `fetch`; when that one does not open in
 * time, the request is given up. A host that keeps answering costs nothing.
 */
export function createReach(clock: Clock) {
  /** Monotonic milliseconds until which an origin is trusted. */
  const trusted = new Map<string, number>()
  /** Connections that are being opened to find out, one an origin. */
  const opening = new Map<string, Opening>()

  function open(origin: string): Opening {
    const pending = opening.get(origin)
    if (pending) return pending
    const { done, stop } = connect(new URL(origin))
    const forget = () => {
      if (opening.get(origin) === made) opening.delete(origin)
    }
    const made: Opening = {
      done,
      // The next request finds out anew.
      stop() {
        forget()
        stop()
      },
    }
    opening.set(origin, made)
    done.then(forget, forget)
    return made
  }

  return {
    guard(request: OutgoingRequest): ReachGuard {
      const origin = originOf(request.proxy ?? request.url)
      const release = (answered: boolean) => {
        if (answered) trusted.set(origin, clock.now() + TRUST)
        else trusted.delete(origin)
      }
      const isTrusted = () => (trusted.get(origin) ?? 0) > clock.now()
      const known = isTrusted()
      if (known || request.connectTimeout === 0) {
        return { trusted: known, signal: request.signal, error: undefined, release }
      }
      return connectGuard(request, origin, open(origin), isTrusted, release)
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
  opening: Opening,
  isTrusted: () => boolean,
  release: ReachGuard["release"],
): ReachGuard {
  const controller = new Life()
  // Stays after the headers: the body is read under the same signal.
  const leave = () => controller.abort(request.signal.reason)
  if (request.signal.aborted) leave()
  request.signal.addEventListener("abort", leave, { once: true })

  let error: GatewayError | undefined
  const timer = setTimeout(() => {
    error = connectTimedOut(origin, request.connectTimeout)
    opening.stop()
    controller.abort(error)
  }, request.connectTimeout)
  const known = () => clearTimeout(timer)
  // A refused connection is reported by `fetch` itself, with its reason.
  opening.done.then(known, known)

  return {
    get trusted() {
      return isTrusted()
    },
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

/** Opens a connection and closes it. */
function connect({ hostname, port, protocol }: URL): Opening {
  const host = hostname.replace(/^\[|\]$/g, "")
  const secure = protocol === "https:"
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  let socket: Bun.Socket | undefined
  let stopped = false
  const end = () => {
    if (!stopped) resolve()
    socket?.end()
  }
  const opened = Bun.connect({
    hostname: host,
    port: Number(port) || (secure ? 443 : 80),
    // Certificates are for `fetch` to judge, which says what is wrong with them.
    ...(secure && {
      tls: { rejectUnauthorized: false, ...(lateNet().isIP(host) === 0 && { serverName: host }) },
    }),
    socket: { data() {}, error() {}, handshake: end, close: end },
  })
  opened.then((open) => {
    socket = open
    if (stopped) socket.terminate()
    else if (!secure) end()
  }, reject)
  return {
    done,
    stop() {
      stopped = true
      socket?.terminate()
    },
  }
}
