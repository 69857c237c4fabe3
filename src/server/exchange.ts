import type { HeaderView } from "../core/byte-source.ts"
import { type Exchange, NO_BODY } from "../core/exchange.ts"
import type { EndSignal } from "../core/life.ts"
import type { Operation } from "../core/operation.ts"
import type { IngressRoute, ServedProtocol } from "../core/protocol.ts"
import type { Runtime } from "../runtime.ts"
import { requestId } from "./request-id.ts"
import type { RequestPlace } from "./request-url.ts"

const NOTHING = () => {}

/** A request that begins now, whose body may still be to come. @param signal aborted when its client leaves */
export function openExchange(
  { context: { clock } }: Runtime,
  protocol: ServedProtocol,
  operation: Operation,
  headers: HeaderView,
  { path, query }: RequestPlace,
  signal: EndSignal,
): Exchange & { ended: () => void } {
  const time = clock.wall()
  return {
    id: requestId(time),
    protocol,
    operation,
    headers,
    path,
    query,
    body: NO_BODY,
    signal,
    arrived: clock.now(),
    time,
    ended: NOTHING,
    work: undefined,
    place: -1,
  }
}

/** The operation of a request; undefined for an action that the route does not have. */
export function operationOf(
  { operation, actions }: IngressRoute,
  path: string,
): Operation | undefined {
  if (!actions) return operation
  // The model's name may have colons, too.
  const colon = Math.max(path.lastIndexOf(":"), path.toUpperCase().lastIndexOf("%3A") + 2)
  const action = path.slice(colon + 1)
  return Object.hasOwn(actions, action) ? actions[action] : undefined
}
