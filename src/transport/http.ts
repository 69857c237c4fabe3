import type { Clock } from "../core/clock.ts"
import type { Send } from "../core/provider.ts"
import { createFetchSend } from "./fetch-send.ts"
import { createHttp1Send } from "./http1/client.ts"

/** HTTP to upstreams: over connections of our own, or over `fetch` where a proxy is between. */
export function createHttpSend(clock: Clock): Send {
  const direct = createHttp1Send(clock)
  let proxied: Send | undefined
  const proxies = { http: hasProxy("http_proxy"), https: hasProxy("https_proxy") }
  return (request) => {
    const { proxy, url } = request
    if (proxy === undefined && !(url.startsWith("https:") ? proxies.https : proxies.http)) {
      return direct(request)
    }
    proxied ??= createFetchSend(clock)
    return proxied(request)
  }
}

/** Whether the environment names a proxy; for which hosts it is not used (`NO_PROXY`), `fetch` knows. */
function hasProxy(name: string): boolean {
  return Boolean(process.env[name] || process.env[name.toUpperCase()])
}
