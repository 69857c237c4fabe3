import type { HeaderView } from "../core/byte-source.ts"
import { GatewayError } from "../core/error.ts"
import type { CorsSettings, Settings } from "../core/settings.ts"
import { isListed } from "./cors.ts"
import type { Listener } from "./listener.ts"

const LOOPBACK = /^(([a-z0-9-]+\.)*localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i

/** What a container calls its own machine: no public name, so no web page has it. */
const MACHINE_OF_CONTAINER = /^host\.(docker|containers)\.internal(:\d+)?$/i

/** Whether a `Host` header names this machine, as a name that was rebound by DNS never does. */
export function isLoopbackHost(host: string | null): boolean {
  return host !== null && LOOPBACK.test(host)
}

/**
 * Without caller keys, who may call is decided by where a call comes from: not from other machines,
 * and not from a web page, which can send simple requests to any address. Browsers send an `Origin`
 * with those, and a rebound DNS name shows in `Host`.
 *
 * @throws GatewayError `unauthorized`, `forbidden`
 */
export function requireLocal(
  settings: Settings,
  listener: Listener,
  { headers }: { headers: HeaderView },
): void {
  if (settings.auth.required) return
  if (listener.exposed) {
    throw new GatewayError(
      "unauthorized",
      "The router's config has no caller keys any more, but other machines can reach it, so nobody is let in. Set `auth.keys`, or restart the router to serve its own machine only.",
      { code: "no_caller_keys" },
    )
  }
  const { cors } = settings.server
  const origin = headers.get("origin")
  if (origin !== null && !mayOrigin(origin, cors)) {
    throw new GatewayError(
      "forbidden",
      `Without caller keys the router does not serve web pages of other machines, and this request comes from one of \`${origin.slice(0, 200)}\`. List that origin in \`server.cors\`, or set \`auth.keys\`, in the router's config.`,
      { code: "origin_not_allowed" },
    )
  }
  const host = headers.get("host")
  if (!mayHost(host, cors)) {
    throw new GatewayError(
      "forbidden",
      `Without caller keys the router is reached as \`localhost\` or \`127.0.0.1\`, not as \`${(host ?? "").slice(0, 200)}\`. Set \`auth.keys\`, or list the origin with that name in \`server.cors\`, in the router's config.`,
      { code: "host_not_allowed" },
    )
  }
}

function mayOrigin(origin: string, cors: CorsSettings | undefined): boolean {
  const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1]
  if (host !== undefined && LOOPBACK.test(host)) return true
  return cors !== undefined && (cors.origins.includes("*") || isListed(cors, origin))
}

function mayHost(host: string | null, cors: CorsSettings | undefined): boolean {
  if (isLoopbackHost(host) || (host !== null && MACHINE_OF_CONTAINER.test(host))) return true
  if (!cors || host === null) return false
  const schemes = ["http", "https"]
  return (
    cors.origins.includes("*") || schemes.some((scheme) => isListed(cors, `${scheme}://${host}`))
  )
}
