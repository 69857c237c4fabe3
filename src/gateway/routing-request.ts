import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import { type Need, NEEDS, type Needs } from "../core/needs.ts"
import type { RoutingRequest } from "../core/routing.ts"
import type { Caller } from "../governance/authenticate.ts"
import { guessTokens } from "./body-tokens.ts"
import { decodedOnce } from "./history.ts"
import { sessionOf } from "./session.ts"
import type { Steering } from "./steering.ts"

/** A request whose length is guessed until somebody has counted it. */
export interface GuessedRequest extends RoutingRequest {
  /** Tells the tokens of its input. */
  counted(tokens: number): void
}

/**
 * What routing sees of an exchange.
 *
 * @param whole the request with the conversation that it goes on from, for what it needs of a model
 */
export function routingRequest(
  exchange: Exchange,
  envelope: RequestEnvelope,
  caller: Caller,
  steering: Steering,
  whole: () => RequestEnvelope = () => decodedOnce(envelope),
): GuessedRequest {
  const { facts } = envelope
  const bytes = exchange.body.length
  let inputTokens: number | undefined
  let session: { key: string | undefined } | undefined
  return {
    operation: exchange.operation,
    stream: facts.stream,
    bytes,
    get inputTokens() {
      inputTokens ??= guessTokens(exchange.body)
      return inputTokens
    },
    counted(tokens) {
      inputTokens = tokens
    },
    maxTokens: facts.maxTokens,
    needs: needsOf(whole),
    tags: tagsOf(caller, steering),
    region: steering.region ?? caller.region,
    get session() {
      session ??= { key: sessionOf(exchange, envelope, caller.id) }
      return session.key
    },
    caller: caller.id,
  }
}

/** Looks into the body when it is asked, and for each need once. */
function needsOf(open: () => RequestEnvelope): Needs {
  const known = new Map<Need, boolean>()
  let envelope: RequestEnvelope | undefined
  function has(need: Need): boolean {
    let found = known.get(need)
    if (found === undefined) {
      found = look(need)
      known.set(need, found)
    }
    return found
  }
  function look(need: Need): boolean {
    try {
      envelope ??= open()
      return envelope.needs?.(need) ?? false
    } catch {
      // A conversation that cannot be continued: whoever sends it on says why.
      return false
    }
  }
  return { has, [Symbol.iterator]: () => NEEDS.values().filter(has) }
}

function tagsOf(caller: Caller, steering: Steering): readonly string[] {
  if (!steering.tags) return caller.tags
  return caller.tags.length === 0 ? steering.tags : [...caller.tags, ...steering.tags]
}
