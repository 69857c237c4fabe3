import type { Operation } from "../../core/operation.ts"
import type { IngressRoute, ServedProtocol } from "../../core/protocol.ts"
import { operationOf } from "../exchange.ts"

/** Where a request goes. */
export interface Place {
  protocol: ServedProtocol
  operation: Operation
  /** The path below the protocol's prefix. */
  path: string
}

/** One route, plain or below a prefix. */
interface Known {
  protocol: ServedProtocol
  route: IngressRoute
  prefix: string
}

/** Finds the route of a path. */
export interface Places {
  /** Undefined where none is meant without doubt. */
  find(path: string): Place | undefined
}

/** The routes that ask upstreams, by path. */
export function createPlaces(protocols: readonly ServedProtocol[]): Places {
  const exact = new Map<string, Place>()
  const open: (Known & { beginning: string })[] = []
  for (const protocol of protocols) {
    const { routes, prefixes } = protocol.ingress
    for (const route of routes) {
      for (const prefix of ["", ...prefixes]) {
        const path = prefix + route.path
        if (path.endsWith("*")) {
          open.push({ protocol, route, prefix, beginning: path.slice(0, -1) })
        } else if (!/[:*]/.test(path) && !route.actions) {
          exact.set(path, { protocol, operation: route.operation, path: route.path })
        }
      }
    }
  }
  // Those that say more come first.
  open.sort((a, b) => b.beginning.length - a.beginning.length)

  function findOpen(path: string): Place | undefined {
    // A URL's parser would change it.
    if (path.includes("/.") || path.includes("//")) return undefined
    const known = open.find(({ beginning }) => path.startsWith(beginning))
    if (!known || path.length === known.beginning.length) return undefined
    const own = path.slice(known.prefix.length)
    const operation = operationOf(known.route, own)
    return operation && { protocol: known.protocol, operation, path: own }
  }

  return { find: (path) => exact.get(path) ?? findOpen(path) }
}
