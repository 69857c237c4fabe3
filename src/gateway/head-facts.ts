import type { HeaderView } from "../core/byte-source.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Authenticator, Caller } from "../governance/authenticate.ts"
import { type Steering, steeringOf } from "./steering.ts"

const CLIENT_LIMIT = 80

/** What a request says by all of it but its body: found once for those that repeat it, as most of a client's do. */
export class HeadFacts {
  /** Who has said whose key it is. */
  readonly authenticator: Authenticator
  readonly caller: Caller
  readonly client: string
  #steering: Steering | undefined

  constructor(authenticator: Authenticator, exchange: Exchange) {
    this.authenticator = authenticator
    this.caller = authenticator.authenticate(exchange)
    this.client = clientOf(exchange.headers)
  }

  /** What its headers decide. @throws GatewayError `invalid-request` */
  steering(headers: HeaderView): Steering {
    this.#steering ??= steeringOf(headers)
    return this.#steering
  }
}

/** @throws GatewayError `unauthorized` */
export function headFacts(exchange: Exchange, authenticator: Authenticator): HeadFacts {
  const { headers } = exchange
  const { found } = headers
  if (found instanceof HeadFacts && found.authenticator === authenticator) return found
  const facts = new HeadFacts(authenticator, exchange)
  if (found !== undefined) headers.found = facts
  return facts
}

/** What the program calls itself that asks. */
export function clientOf(headers: HeaderView): string {
  return (headers.get("user-agent") ?? "").slice(0, CLIENT_LIMIT)
}
