import type { Clock } from "../core/clock.ts"
import { abortSignalOf, type EndSignal } from "../core/life.ts"
import type { OutgoingRequest, Send } from "../core/provider.ts"
import { sourceOfStream } from "./byte-sources.ts"
import { createReach } from "./reach.ts"
import { codeOf, unreachable } from "./unreachable.ts"

/** Milliseconds after which a reset before any answer is no longer taken for a stale connection. */
const STALE_WINDOW = 200

/**
 * HTTP over Bun's `fetch`, which knows proxies. Redirects are not followed: they would carry keys to
 * other hosts. `fetch` has a limit of its own for silent upstreams, which is off.
 */
export function createFetchSend(clock: Clock): Send {
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
          throw request.signal.aborted ? request.signal.reason : unreachable(request.url, again)
        }
      }
      throw unreachable(request.url, thrown)
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
