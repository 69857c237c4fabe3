import type { GatewayError } from "../core/error.ts"
import type { Exchange, Reply } from "../core/exchange.ts"
import type { ServedProtocol } from "../core/protocol.ts"
import type { Deployment } from "../core/routing.ts"
import type { Settings } from "../core/settings.ts"
import type { Snapshot } from "./context.ts"
import type { Progress } from "./finish.ts"

/** Waits beyond this are ignored by the OpenAI SDKs, which then hammer: they are told not to retry. */
const LONGEST_SDK_WAIT = 60_000

/** Characters of a list of warnings that are sent: some servers refuse long headers. */
const LONGEST_WARNING = 2000

/** Headers of every reply. The upstream's own never get this far. */
export function replyHeaders(
  { settings }: Snapshot,
  exchange: Exchange,
  progress: Progress,
): Record<string, string> {
  const headers = ownHeaders(settings, exchange.id, progress)
  const more = exchange.protocol.ingress.replyHeaders?.(exchange.id)
  return more ? Object.assign(headers, more) : headers
}

function ownHeaders(
  { server, version }: Settings,
  id: string,
  { channel, attempts, warnings, continuable }: Progress,
): Record<string, string> {
  if (!server.headers) return { "x-request-id": id }
  if (!channel) {
    return {
      "x-request-id": id,
      "x-llmrouter-attempts": String(attempts),
      "x-llmrouter-config": version,
    }
  }
  const headers: Record<string, string> = {
    "x-request-id": id,
    "x-llmrouter-deployment": nameOf(channel.deployment),
    "x-llmrouter-attempts": String(attempts),
    "x-llmrouter-config": version,
  }
  if (warnings) headers["x-llmrouter-warnings"] = printable(warnings).slice(0, LONGEST_WARNING)
  if (continuable) headers["x-llmrouter-continuation"] = "allowed"
  return headers
}

const names = new WeakMap<Deployment, string>()

/** A deployment as a header names it. */
function nameOf(deployment: Deployment): string {
  let name = names.get(deployment)
  if (name === undefined) {
    name = printable(deployment.id)
    names.set(deployment, name)
  }
  return name
}

/** The status of an error's reply: what a protocol's clients expect, or what an upstream of that protocol said. */
export function replyStatus({ id, ingress }: ServedProtocol, error: GatewayError): number {
  const own = error.kind === "client-gone" || error.detail.upstream?.protocol === id
  const status = own ? error.status : (ingress.statusOf?.(error) ?? error.status)
  // RFC 9110 §15: those beyond are invalid, and not every server can send them.
  return status > 599 ? 502 : status
}

/**
 * An error before anything was sent, as a protocol writes it, with what its client needs to know
 * about trying again.
 *
 * @param others further headers
 */
export function errorReply(
  protocol: ServedProtocol,
  error: GatewayError,
  requestId: string,
  others: Readonly<Record<string, string>> = {},
): Reply {
  const { id, ingress } = protocol
  const headers: Record<string, string> = {
    ...others,
    "x-request-id": requestId,
    ...ingress.replyHeaders?.(requestId),
  }
  const { retryAfterMs, upstream } = error.detail
  if (retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000))
  }
  const hopeless =
    error.rule.cooldown === "auth" ||
    error.detail.reason === "billing" ||
    // A budget that does not begin anew.
    (error.kind === "rate-limited" && retryAfterMs === undefined) ||
    (retryAfterMs ?? 0) > LONGEST_SDK_WAIT
  if (hopeless) headers["x-should-retry"] = "false"
  const status = replyStatus(protocol, error)
  if (upstream?.protocol === id) {
    headers["content-type"] = upstream.contentType
    return { status, headers, body: upstream.body }
  }
  headers["content-type"] = "application/json"
  return {
    status,
    headers,
    body: Buffer.from(ingress.encodeError(error, requestId)),
  }
}

/** Header values are Latin-1 without control characters; model names may be anything. */
function printable(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent)
}
