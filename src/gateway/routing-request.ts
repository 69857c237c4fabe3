import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Need, RoutingRequest } from "../core/routing.ts"

/** Bytes of JSON that one token takes, about. */
const BYTES_PER_TOKEN = 4

const NOTHING: ReadonlySet<Need> = new Set()

/** What routing sees of an exchange. */
export function routingRequest(
  exchange: Exchange,
  { facts }: RequestEnvelope,
  caller: string | null,
): RoutingRequest {
  const bytes = exchange.body.length
  return {
    operation: exchange.operation,
    stream: facts.stream,
    bytes,
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    maxTokens: facts.maxTokens,
    needs: NOTHING,
    tags: [],
    region: undefined,
    session: undefined,
    caller,
  }
}
