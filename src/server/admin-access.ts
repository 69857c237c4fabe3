import { GatewayError } from "../core/error.ts"
import { lateCrypto } from "../core/late-modules.ts"
import { presentedKey } from "../governance/authenticate.ts"
import type { Runtime } from "../runtime.ts"
import type { Listener } from "./listener.ts"
import { isLoopbackHost } from "./local-only.ts"

/** What proxies add: whoever is behind one on this machine need not be on it. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"]

/**
 * The admin key, or without one in the config a request from this machine that neither a web page nor
 * somebody behind a proxy can have made: browsers send an `Origin`, a rebound DNS name shows in `Host`.
 *
 * @throws GatewayError `unauthorized`, `forbidden`
 */
export function authorizeAdmin({ snapshot }: Runtime, listener: Listener, request: Request): void {
  const { adminKey } = snapshot.settings.auth
  if (adminKey) {
    const presented = presentedKey(request)
    if (presented !== undefined && sameText(presented, adminKey.reveal())) return
    throw new GatewayError(
      "unauthorized",
      "The admin API needs the admin key (`auth.adminKey`) as `Authorization: Bearer <key>`.",
      { code: "invalid_admin_key" },
    )
  }
  const local = /^(127\.|::1$|::ffff:127\.)/.test(listener.addressOf(request))
  const host = isLoopbackHost(request.headers.get("host"))
  const direct = !FORWARDED.some((name) => request.headers.has(name))
  if (local && host && direct && !request.headers.has("origin")) return
  throw new GatewayError(
    "forbidden",
    "Without an admin key (`auth.adminKey`) the admin API serves programs on its own machine only.",
    { code: "admin_loopback_only" },
  )
}

/** Compares in constant time, whatever the lengths. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => new Bun.SHA256().update(text).digest()
  return lateCrypto().timingSafeEqual(hash(a), hash(b))
}
