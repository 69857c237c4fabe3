import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import { type Need, NEEDS, type Needs } from "../core/needs.ts"
import type { Operation } from "../core/operation.ts"
import type { RoutingRequest } from "../core/routing.ts"
import type { Caller } from "../governance/authenticate.ts"
import { guessTokens } from "./body-tokens.ts"
import type { History } from "./history.ts"
import { sessionOf } from "./session.ts"
import type { Steering } from "./steering.ts"

/** A request whose length is guessed until somebody has counted it. */
export interface GuessedRequest extends RoutingRequest {
  /** Tells the tokens of its input. */
  counted(tokens: number): void
  /** Looks at what may still be asked for when the exchange has let go of its body. */
  settle(): void
}

/**
 * What routing sees of an exchange.
 *
 * @param history the conversation that it goes on from, for what it needs of a model
 */
export function routingRequest(
  exchange: Exchange,
  envelope: RequestEnvelope,
  caller: Caller,
  steering: Steering,
  history: Pick<History, "whole">,
): GuessedRequest {
  return new SeenRequest(exchange, envelope, caller, steering, history)
}

/** Looks into the body when it is asked, and for everything once. A class, since every request has one. */
class SeenRequest implements GuessedRequest, Needs {
  readonly tags: readonly string[]
  readonly region: string | undefined
  readonly caller: string | null
  readonly #exchange: Exchange
  readonly #envelope: RequestEnvelope
  readonly #history: Pick<History, "whole">
  #inputTokens: number | undefined
  /** Null until it is looked for. */
  #session: string | null | undefined = null
  #needs: Map<Need, boolean> | undefined

  constructor(
    exchange: Exchange,
    envelope: RequestEnvelope,
    caller: Caller,
    steering: Steering,
    history: Pick<History, "whole">,
  ) {
    this.tags = tagsOf(caller, steering)
    this.region = steering.region ?? caller.region
    this.caller = caller.id
    this.#exchange = exchange
    this.#envelope = envelope
    this.#history = history
  }

  get operation(): Operation {
    return this.#exchange.operation
  }

  get stream(): boolean {
    return this.#envelope.facts.stream
  }

  get bytes(): number {
    return this.#exchange.body.length
  }

  get maxTokens(): number | undefined {
    return this.#envelope.facts.maxTokens
  }

  get inputTokens(): number {
    this.#inputTokens ??= guessTokens(this.#exchange.body)
    return this.#inputTokens
  }

  counted(tokens: number): void {
    this.#inputTokens = tokens
  }

  settle(): void {
    this.#inputTokens ??= guessTokens(this.#exchange.body)
    // Whoever routes by it has asked before the answer began.
    if (this.#session === null) this.#session = undefined
  }

  get session(): string | undefined {
    if (this.#session === null) {
      this.#session = sessionOf(this.#exchange, this.#envelope, this.caller)
    }
    return this.#session
  }

  get needs(): Needs {
    return this
  }

  has(need: Need): boolean {
    this.#needs ??= new Map()
    let found = this.#needs.get(need)
    if (found === undefined) {
      found = this.#look(need)
      this.#needs.set(need, found)
    }
    return found
  }

  [Symbol.iterator](): IterableIterator<Need> {
    return NEEDS.values().filter((need) => this.has(need))
  }

  #look(need: Need): boolean {
    try {
      return this.#history.whole().needs?.(need) ?? false
    } catch {
      // A conversation that cannot be continued: whoever sends it on says why.
      return false
    }
  }
}

function tagsOf(caller: Caller, steering: Steering): readonly string[] {
  if (!steering.tags) return caller.tags
  return caller.tags.length === 0 ? steering.tags : [...caller.tags, ...steering.tags]
}
