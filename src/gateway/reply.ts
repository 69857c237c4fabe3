import type { GatewayError } from "../core/error.ts"
import type { Exchange, Reply } from "../core/exchange.ts"
import type { Snapshot } from "./context.ts"
import type { Progress } from "./finish.ts"

/** Waits beyond this are ignored by the OpenAI SDKs, which then hammer: they are told not to retry. */
const LONGEST_SDK_WAIT = 60_000

/** Headers of every reply. The upstream's own never get this far. */
export function replyHeaders(
  { settings }: Snapshot,
  exchange: Exchange,
  progress: Progress,
): Headers {
  const headers = new Headers()
  headers.set("x-request-id", exchange.id)
  if (!settings.server.headers) return headers
  const { channel, attempts } = progress
  if (channel) headers.set("x-llmrouter-deployment", printable(channel.deployment.id))
  headers.set("x-llmrouter-attempts", String(attempts))
  headers.set("x-llmrouter-config", settings.version)
  return headers
}

/** An error before anything was sent, as the caller's protocol writes it. */
export function errorReply(
  snapshot: Snapshot,
  exchange: Exchange,
  progress: Progress,
  error: GatewayError,
): Reply {
  const headers = replyHeaders(snapshot, exchange, progress)
  const { retryAfterMs, upstream } = error.detail
  if (retryAfterMs !== undefined) {
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)))
  }
  const hopeless = error.rule.cooldown === "auth" || (retryAfterMs ?? 0) > LONGEST_SDK_WAIT
  if (hopeless) headers.set("x-should-retry", "false")
  const { ingress, id } = exchange.protocol
  if (upstream?.protocol === id) {
    headers.set("content-type", upstream.contentType)
    return { status: error.status, headers, body: upstream.body }
  }
  headers.set("content-type", "application/json")
  return {
    status: error.status,
    headers,
    body: Buffer.from(ingress.encodeError(error, exchange.id)),
  }
}

/** Header values are Latin-1 without control characters; model names may be anything. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, encodeURIComponent)
}
