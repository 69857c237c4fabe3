import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Need, RoutingRequest } from "../core/routing.ts"
import type { Caller } from "../governance/authenticate.ts"
import type { Steering } from "./steering.ts"

/** Bytes of JSON that one token takes, about. */
const BYTES_PER_TOKEN = 4

const NOTHING: ReadonlySet<Need> = new Set()

/** What routing sees of an exchange. */
export function routingRequest(
  exchange: Exchange,
  { facts }: RequestEnvelope,
  caller: Caller,
  steering: Steering,
): RoutingRequest {
  const bytes = exchange.body.length
  return {
    operation: exchange.operation,
    stream: facts.stream,
    bytes,
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    maxTokens: facts.maxTokens,
    needs: NOTHING,
    tags: tagsOf(caller, steering),
    region: steering.region ?? caller.region,
    session: undefined,
    caller: caller.id,
  }
}

function tagsOf(caller: Caller, steering: Steering): readonly string[] {
  if (!steering.tags) return caller.tags
  return caller.tags.length === 0 ? steering.tags : [...caller.tags, ...steering.tags]
}
