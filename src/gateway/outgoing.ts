import type { Exchange } from "../core/exchange.ts"
import type { Protocol, RequestEnvelope } from "../core/protocol.ts"
import type { HeaderRecord, OutgoingRequest } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import type { ProviderSettings } from "../core/settings.ts"
import { VERSION } from "../core/version.ts"

/** What does not change from request to request, built once a channel. */
interface Fixed {
  extraBody: ReadonlyMap<string, string>
  whole: HeaderRecord
  stream: HeaderRecord
}

const fixed = new WeakMap<Channel, Fixed>()

const JSON_TYPE = "application/json"

/** The request for one channel. The caller's headers stay behind, but for those that the provider lets through. */
export function buildRequest(
  exchange: Exchange,
  envelope: RequestEnvelope,
  protocol: Protocol,
  channel: Channel,
  signal: AbortSignal,
): OutgoingRequest {
  const { provider, account, model, timeouts } = channel.deployment
  const own = fixedOf(channel)
  const { body, contentType } = envelope.rewrite({ model, extraBody: own.extraBody })
  const path = protocol.upstream.path(exchange.operation)
  let headers = envelope.facts.stream ? own.stream : own.whole
  if (provider.passHeaders.length > 0) headers = { ...passed(exchange, provider), ...headers }
  if (contentType !== JSON_TYPE) headers = { ...headers, "content-type": contentType }
  return {
    url: account.url({ operation: exchange.operation, path, model }),
    method: "POST",
    headers,
    body,
    signal,
    connectTimeout: timeouts.connect,
    ...(provider.proxy !== undefined && { proxy: provider.proxy }),
  }
}

/** The headers that every request of this channel carries. */
export function channelHeaders(channel: Channel): HeaderRecord {
  return fixedOf(channel).whole
}

function fixedOf(channel: Channel): Fixed {
  let own = fixed.get(channel)
  if (!own) {
    own = fix(channel)
    fixed.set(channel, own)
  }
  return own
}

function fix({ deployment, key }: Channel): Fixed {
  const { provider, account } = deployment
  const own = Object.entries(provider.headers).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === "string" ? value : value.reveal(),
  ])
  const agent = provider.passHeaders.includes("user-agent")
    ? {}
    : { "user-agent": `llmrouter/${VERSION}` }
  const headers = (accept: string): HeaderRecord => ({
    "content-type": JSON_TYPE,
    accept,
    ...agent,
    ...Object.fromEntries(own),
    ...account.authorize(key),
  })
  return {
    extraBody: new Map(Object.entries(provider.extraBody)),
    whole: headers("application/json, */*"),
    // A compressed stream arrives in lumps.
    stream: { "accept-encoding": "identity", ...headers("text/event-stream") },
  }
}

function passed({ headers }: Exchange, { passHeaders }: ProviderSettings): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of passHeaders) {
    const value = headers.get(name)
    if (value !== null) found[name] = value
  }
  return found
}
