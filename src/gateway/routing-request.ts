import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type { Need, RoutingRequest } from "../core/routing.ts"
import type { Caller } from "../governance/authenticate.ts"
import { sessionOf } from "./session.ts"
import type { Steering } from "./steering.ts"

/** Bytes of JSON that one token takes, about. */
export const BYTES_PER_TOKEN = 4

const NOTHING: ReadonlySet<Need> = new Set()

/** What routing sees of an exchange. */
export function routingRequest(
  exchange: Exchange,
  envelope: RequestEnvelope,
  caller: Caller,
  steering: Steering,
): RoutingRequest {
  const { facts } = envelope
  const bytes = exchange.body.length
  let session: { key: string | undefined } | undefined
  return {
    operation: exchange.operation,
    stream: facts.stream,
    bytes,
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    maxTokens: facts.maxTokens,
    needs: NOTHING,
    tags: tagsOf(caller, steering),
    region: steering.region ?? caller.region,
    get session() {
      session ??= { key: sessionOf(exchange, envelope, caller.id) }
      return session.key
    },
    caller: caller.id,
  }
}

function tagsOf(caller: Caller, steering: Steering): readonly string[] {
  if (!steering.tags) return caller.tags
  return caller.tags.length === 0 ? steering.tags : [...caller.tags, ...steering.tags]
}
