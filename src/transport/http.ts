import type { Clock } from "../core/clock.ts"
import type { Send } from "../core/provider.ts"
import { createFetchSend } from "./fetch-send.ts"
import { createHttp1Send } from "./http1/client.ts"
import { createProxyOf } from "./proxy.ts"

/**
 * HTTP to upstreams: over connections of our own, or over `fetch` where a proxy is between. All of it is
 * HTTP/1.1; a client for HTTP/2 would be chosen here, too.
 */
export function createHttpSend(clock: Clock): Send {
  const direct = createHttp1Send(clock)
  const proxyOf = createProxyOf(process.env)
  let proxied: Send | undefined
  return (request) => {
    const proxy = request.proxy ?? proxyOf(request.url)
    if (proxy === undefined) return direct(request)
    proxied ??= createFetchSend(clock)
    return proxied(request.proxy === undefined ? { ...request, proxy } : request)
  }
}
