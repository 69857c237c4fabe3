import { GatewayError } from "../core/error.ts"
import type { Reply } from "../core/exchange.ts"
import type { ServedProtocol } from "../core/protocol.ts"
import { errorReply } from "../gateway/reply.ts"
import { SHARED_MODELS } from "./model-routes.ts"
import { requestId } from "./request-id.ts"
import { locate } from "./request-url.ts"

/** A route of the app, as Elysia lists it. */
interface Served {
  method: string
  path: string
}

/** Answers requests for which there is no route. */
export interface Unserved {
  /** The protocol whose client asks, as far as can be told: it reads no other one's errors. */
  protocolOf(request: Request): ServedProtocol
  /** Says what is meant, or which method is. */
  reply(request: Request): Reply
}

export function createUnserved(
  protocols: readonly ServedProtocol[],
  routes: () => readonly Served[],
): Unserved {
  const owners = once(() => ownersOf(protocols))
  const methods = once(() => methodsOf(routes(), actionsOf(protocols)))

  function protocolOf({ url, headers }: Request): ServedProtocol {
    let candidates = protocols
    let place = ""
    // Only as far as anybody owns it: the rest may be long.
    for (const segment of locate(url, "").path.split("/", 8).slice(1)) {
      place += `/${segment}`
      const own = owners().get(place)
      if (!own) break
      candidates = own
    }
    return candidates.find(({ ingress }) => ingress.models?.claims(headers)) ?? candidates[0]!
  }

  return {
    protocolOf,
    reply(request) {
      const { path } = locate(request.url, "")
      const protocol = protocolOf(request)
      const allowed = methods()(path)
      if (allowed.size === 0 || allowed.has(request.method)) {
        return errorReply(protocol, unknownUrl(request.method, path), requestId())
      }
      const error = wrongMethod(request.method, [...allowed])
      return errorReply(protocol, error, requestId(), { allow: [...allowed].join(", ") })
    },
  }
}

/** What is made when it is first asked for: most processes never meet a request that needs it. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The protocols that serve something at or below a path, by that path. */
function ownersOf(protocols: readonly ServedProtocol[]): Map<string, ServedProtocol[]> {
  const owners = new Map<string, ServedProtocol[]>()
  for (const protocol of protocols) {
    const { routes, resources = [], models, prefixes } = protocol.ingress
    const listed = models ? [SHARED_MODELS, ...models.paths] : []
    const paths = [
      ...routes.map(({ path }) => path),
      ...resources.map(({ path }) => path),
      ...listed,
    ]
    for (const path of ["", ...prefixes].flatMap((prefix) => paths.map((own) => prefix + own))) {
      let place = ""
      for (const segment of path.split("/").slice(1)) {
        if (segment === "*" || segment.startsWith(":")) break
        place += `/${segment}`
        const own = owners.get(place) ?? []
        if (!own.includes(protocol)) owners.set(place, [...own, protocol])
      }
    }
  }
  return owners
}

/** The actions of the routes that serve nothing without one, by their paths. */
function actionsOf(protocols: readonly ServedProtocol[]): Map<string, readonly string[]> {
  const all = protocols.flatMap(({ ingress: { routes, prefixes } }) =>
    routes.flatMap(({ path, actions }) =>
      actions
        ? ["", ...prefixes].map((prefix) => [prefix + path, Object.keys(actions)] as const)
        : [],
    ),
  )
  return new Map(all)
}

/** The methods that a path has. */
function methodsOf(
  routes: readonly Served[],
  actions: ReadonlyMap<string, readonly string[]>,
): (path: string) => ReadonlySet<string> {
  const exact = new Map<string, Set<string>>()
  const patterns: { pattern: RegExp; method: string }[] = []
  for (const { method, path } of routes) {
    // That one answers preflights of everything.
    if (method === "OPTIONS") continue
    const also = method === "GET" ? ["GET", "HEAD"] : [method]
    if (!/[:*]/.test(path)) exact.set(path, new Set([...(exact.get(path) ?? []), ...also]))
    else
      for (const each of also)
        patterns.push({
          pattern: patternOf(path, method === "POST" ? actions.get(path) : undefined),
          method: each,
        })
  }
  return (path) => {
    const matching = patterns.filter(({ pattern }) => pattern.test(path))
    return new Set([...(exact.get(path) ?? []), ...matching.map(({ method }) => method)])
  }
}

function patternOf(path: string, actions: readonly string[] | undefined): RegExp {
  const segments = path.split("/").map((segment) => {
    if (segment === "*") return ".+"
    return segment.startsWith(":") ? "[^/]+" : RegExp.escape(segment)
  })
  const action = actions ? `:(${actions.map((name) => RegExp.escape(name)).join("|")})` : ""
  return new RegExp(`^${segments.join("/")}${action}$`)
}

function wrongMethod(method: string, allowed: readonly string[]): GatewayError {
  const names = allowed.filter((name) => name !== "HEAD").join(" or ")
  return new GatewayError("method-not-allowed", `${method} is not allowed here; use ${names}.`, {
    code: "method_not_allowed",
  })
}

function unknownUrl(method: string, path: string): GatewayError {
  return new GatewayError(
    "not-found",
    `Nothing is served at ${method} ${path.slice(0, 200)}. The API is at /v1, its description at /swagger.`,
    { code: "unknown_url" },
  )
}
