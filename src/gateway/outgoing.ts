import type { EndSignal } from "../core/life.ts"
import type { Capabilities } from "../core/capabilities.ts"
import type { RequestEnvelope, RequestHead } from "../core/protocol.ts"
import type { BodyPatch, CallTarget, HeaderRecord, OutgoingRequest } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import type { ProviderSettings } from "../core/settings.ts"
import { VERSION } from "../core/version.ts"
import { withoutKey } from "../governance/authenticate.ts"
import type { Call } from "./call.ts"

/** What does not change from request to request, built once a channel. */
interface Fixed {
  extraBody: ReadonlyMap<string, string>
  whole: HeaderRecord
  stream: HeaderRecord
  /** Of the last request, which most others are like. */
  target: CallTarget | undefined
  url: string
}

const fixed = new WeakMap<Channel, Fixed>()

const JSON_TYPE = "application/json"
const NO_NAMES: readonly string[] = Object.freeze([])

/** A request, and what it asks for. */
export interface BuiltRequest extends OutgoingRequest {
  readonly target: CallTarget
}

/** The request for one channel. The caller's headers stay behind, but for those that are let through. */
export function buildRequest(
  exchange: RequestHead,
  { facts }: Pick<RequestEnvelope, "facts">,
  call: Pick<Call, "protocol" | "relayed" | "headers" | "body">,
  channel: Channel,
  signal: EndSignal,
): BuiltRequest {
  const { provider, account, timeouts } = channel.deployment
  const { stream } = facts
  const own = fixedOf(channel)
  const capabilities = channel.deployment.capabilities(call.protocol)
  const target = targetOf(own, exchange, stream, call, channel, capabilities)
  const patch = account.patch?.(target, exchange.headers)
  const { body, contentType } = call.body(
    merged(own.extraBody, patch, call.relayed ? capabilities.refuses : undefined),
  )
  let headers = stream ? own.stream : own.whole
  if (call.headers) headers = { ...call.headers, ...headers }
  if (provider.passHeaders.length > 0) headers = { ...passed(exchange, provider), ...headers }
  if (contentType !== JSON_TYPE) headers = { ...headers, "content-type": contentType }
  const { connect: connectTimeout } = timeouts
  const request: BuiltRequest = {
    target,
    url: own.url,
    method: "POST",
    headers,
    body,
    signal,
    connectTimeout,
  }
  if (provider.proxy !== undefined) request.proxy = provider.proxy
  return request
}

/** Where a call goes; `url` of what is fixed is then that of this call. */
function targetOf(
  own: Fixed,
  exchange: RequestHead,
  stream: boolean,
  { protocol, relayed }: Pick<Call, "protocol" | "relayed">,
  { deployment: { model, account } }: Channel,
  capabilities: Capabilities,
): CallTarget {
  const { operation } = exchange
  const path = relayed
    ? protocol.upstream.path({
        operation,
        model,
        stream,
        capabilities,
        relayed: withoutKeyOf(exchange),
      })
    : protocol.upstream.path({ operation, model, stream, capabilities })
  const { target: last } = own
  if (
    last &&
    last.path === path &&
    last.stream === stream &&
    last.operation === operation &&
    last.protocol === protocol.id
  ) {
    return last
  }
  const target: CallTarget = { operation, protocol: protocol.id, path, model, stream }
  own.target = target
  own.url = account.url(target)
  return target
}

/** What an upstream may know of where a request went. */
function withoutKeyOf(head: RequestHead): RequestHead {
  if (head.query === "") return head
  const { operation, headers, path, query } = head
  return { operation, headers, path, query: withoutKey(query) }
}

const NOTHING: BodyPatch = Object.freeze({ set: new Map<string, string>(), remove: NO_NAMES })

/** The config's own fields win over the account's, and both over the caller's. */
function merged(
  extraBody: ReadonlyMap<string, string>,
  patch: BodyPatch | undefined,
  refused: readonly string[] | undefined,
): BodyPatch {
  if (!patch && !refused && extraBody.size === 0) return NOTHING
  const remove = patch && refused ? [...patch.remove, ...refused] : (patch?.remove ?? refused)
  const set = patch && patch.set.size > 0 ? new Map([...patch.set, ...extraBody]) : extraBody
  return { set, remove: remove ?? NO_NAMES }
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
    target: undefined,
    url: "",
  }
}

function passed(
  { headers }: RequestHead,
  { passHeaders }: ProviderSettings,
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of passHeaders) {
    const value = headers.get(name)
    if (value !== null) found[name] = value
  }
  return found
}
