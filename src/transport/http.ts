import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import { abortSignalOf, type EndSignal } from "../core/life.ts"
import type { OutgoingRequest, Send } from "../core/provider.ts"
import { sourceOfStream } from "./byte-sources.ts"
import { createReach } from "./reach.ts"

/** Milliseconds after which a reset before any answer is no longer taken for a stale connection. */
const STALE_WINDOW = 200

/**
 * HTTP over Bun's `fetch`, which keeps connections alive. Redirects are not followed: they would
 * carry keys to other hosts. `fetch` has a limit of its own for silent upstreams, which is off.
 */
export function createHttpSend(clock: Clock): Send {
  const reach = createReach(clock)
  return async function send(request) {
    const started = clock.now()
    const guard = reach.guard(request)
    let answered = false
    try {
      const response = await fetchOnce(request, guard.signal, true)
      answered = true
      return response
    } catch (thrown) {
      if (guard.error) throw guard.error
      if (request.signal.aborted) throw request.signal.reason
      // An idle connection that the upstream had just closed, most likely: only where there can be
      // one, and only at once. Bun repeats such a GET by itself, but no POST.
      const stale = guard.trusted && clock.now() - started < STALE_WINDOW
      if (codeOf(thrown) === "ECONNRESET" && stale) {
        try {
          const response = await fetchOnce(request, guard.signal, false)
          answered = true
          return response
        } catch (again) {
          if (guard.error) throw guard.error
          throw request.signal.aborted ? request.signal.reason : unreachable(request, again)
        }
      }
      throw unreachable(request, thrown)
    } finally {
      guard.release(answered)
    }
  }
}

/** @param reuse whether it may go over an idle connection: others may be as stale as the first was */
async function fetchOnce(request: OutgoingRequest, signal: EndSignal, reuse: boolean) {
  const { status, headers, body } = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    redirect: "manual",
    signal: abortSignalOf(signal),
    timeout: false,
    ...(!reuse && { keepalive: false }),
    ...(request.body && { body: request.body }),
    ...(request.proxy && { proxy: request.proxy }),
  } as BunFetchRequestInit)
  return { status, headers, body: body && sourceOfStream(body) }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as { code?: string } | null)?.code
}

const REASONS: Record<string, string> = {
  ConnectionRefused: "the connection was refused",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ConnectionClosed: "the connection was closed",
  ENOTFOUND: "the host name does not resolve",
  FailedToOpenSocket: "the connection could not be opened",
}

/** A failed connection, as an error that names the host but no path, key or query. */
export function unreachable(request: OutgoingRequest, cause: unknown): GatewayError {
  const { host } = new URL(request.url)
  const code = codeOf(cause)
  const reason = (code && REASONS[code]) ?? code ?? "the connection failed"
  return new GatewayError("upstream-unreachable", `Cannot reach ${host}: ${reason}.`, {
    code: "upstream_unreachable",
    cause,
  })
}
