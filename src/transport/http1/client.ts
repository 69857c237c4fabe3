import type { Clock } from "../../core/clock.ts"
import type { HeaderRecord, IncomingResponse, OutgoingRequest, Send } from "../../core/provider.ts"
import { LARGE_BODY, nextTurn } from "../../core/turn.ts"
import { unreachable } from "../unreachable.ts"
import { createWatchdog } from "../watchdog.ts"
import { Pool } from "./pool.ts"
import { requestHead } from "./request-head.ts"
import { RoundTrip } from "./round-trip.ts"

const SECOND = 1000

/** What requests with the same headers to the same URL have in common. */
interface Prepared {
  url: string
  method: string
  hasBody: boolean
  head: Buffer
  pool: Pool
}

/**
 * HTTP/1.1 over connections that are kept: as many at once as are needed, whatever their number.
 * Redirects are not followed: they would carry keys to other hosts.
 */
export function createHttp1Send(clock: Clock): Send {
  const pools = new Map<string, Pool>()
  const watchdog = createWatchdog(clock)
  /** A channel's requests share their headers, which are not changed. */
  const known = new WeakMap<HeaderRecord, Prepared>()
  let timer: ReturnType<typeof setInterval> | undefined

  /** Counts the age of idle connections while there are any. */
  function wake(): void {
    if (timer) return
    timer = setInterval(() => {
      let any = false
      for (const pool of pools.values()) any = pool.tick() || any
      if (any) return
      clearInterval(timer)
      timer = undefined
    }, SECOND)
    timer.unref()
  }

  function poolOf(url: URL): Pool {
    const { origin } = url
    let pool = pools.get(origin)
    if (!pool) {
      pool = new Pool(new URL(origin), clock, watchdog, wake)
      pools.set(origin, pool)
    }
    return pool
  }

  function prepare(request: OutgoingRequest): Prepared {
    const { url, method, headers, body } = request
    const before = known.get(headers)
    const hasBody = body !== undefined
    if (before?.url === url && before.method === method && before.hasBody === hasBody) return before
    const parsed = new URL(url)
    const head = requestHead(request, parsed)
    const prepared = { url, method, hasBody, head, pool: poolOf(parsed) }
    known.set(headers, prepared)
    return prepared
  }

  const send = (request: OutgoingRequest) =>
    new Promise<IncomingResponse>((resolve, reject) => {
      const { signal, url } = request
      if (signal.aborted) return reject(signal.reason)
      let prepared: Prepared
      try {
        prepared = prepare(request)
      } catch (error) {
        return reject(unreachable(url, error))
      }
      prepared.pool.run(new RoundTrip(request, prepared.head, clock.now(), resolve, reject))
    })

  return (request) => {
    const { body } = request
    return body && body.length >= LARGE_BODY ? nextTurn().then(() => send(request)) : send(request)
  }
}
