import type { Exchange } from "../core/exchange.ts"
import type { Protocol, RequestEnvelope } from "../core/protocol.ts"
import type { OutgoingRequest } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import type { ProviderSettings } from "../core/settings.ts"
import { VERSION } from "../core/version.ts"

/** Built once a provider: what does not change from request to request. */
interface Fixed {
  extraBody: ReadonlyMap<string, string>
  headers: readonly (readonly [string, string])[]
}

const fixed = new WeakMap<ProviderSettings, Fixed>()

/** The request for one channel. The caller's headers stay behind, but for those that the provider lets through. */
export function buildRequest(
  exchange: Exchange,
  envelope: RequestEnvelope,
  protocol: Protocol,
  { deployment, key }: Channel,
): Omit<OutgoingRequest, "signal"> {
  const { provider, account, model, timeouts } = deployment
  const { extraBody, headers: own } = fixedOf(provider)
  const { body, contentType } = envelope.rewrite({ model, extraBody })
  const headers = new Headers()
  for (const name of provider.passHeaders) {
    const value = exchange.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  headers.set("content-type", contentType)
  headers.set("accept", envelope.facts.stream ? "text/event-stream" : "application/json, */*")
  // A compressed stream arrives in lumps.
  if (envelope.facts.stream) headers.set("accept-encoding", "identity")
  if (!headers.has("user-agent")) headers.set("user-agent", `llmrouter/${VERSION}`)
  for (const [name, value] of own) headers.set(name, value)
  account.authorize(headers, key)
  return {
    url: account.url({
      operation: exchange.operation,
      path: protocol.upstream.path(exchange.operation),
      model,
    }),
    method: "POST",
    headers,
    body,
    connectTimeout: timeouts.connect,
    ...(provider.proxy !== undefined && { proxy: provider.proxy }),
  }
}

function fixedOf(provider: ProviderSettings): Fixed {
  let entry = fixed.get(provider)
  if (!entry) {
    entry = {
      extraBody: new Map(Object.entries(provider.extraBody)),
      headers: Object.entries(provider.headers).map(([name, value]) => [
        name,
        typeof value === "string" ? value : value.reveal(),
      ]),
    }
    fixed.set(provider, entry)
  }
  return entry
}
