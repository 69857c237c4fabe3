import type { Elysia } from "elysia"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { ModelList, ServedProtocol } from "../core/protocol.ts"
import { errorReply } from "../gateway/reply.ts"
import type { Caller } from "../governance/authenticate.ts"
import type { Runtime } from "../runtime.ts"
import type { Listener } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"
import { locate } from "./request-url.ts"

/** The path that several protocols share: who asks decides the shape of the answer. */
export const SHARED_MODELS = "/v1/models"

type Listing = ServedProtocol & { ingress: { models: ModelList } }

/** The lists of models and their entries: what this caller may use as `model`. */
export function modelRoutes(
  runtime: Runtime,
  protocols: readonly ServedProtocol[],
  listener: Listener,
) {
  const listing = protocols.filter(
    (protocol): protocol is Listing => protocol.ingress.models !== undefined,
  )
  const created = Date.now()
  const claimant = ({ headers }: Request): Listing =>
    listing.find(({ ingress }) => ingress.models.claims(headers)) ?? listing[0]!

  async function answer(
    request: Request,
    { ingress, ...protocol }: Listing,
    read: (names: string[], query: string) => Uint8Array,
  ): Promise<Response> {
    const { snapshot } = runtime
    const id = requestId()
    const own = { "x-request-id": id, ...ingress.replyHeaders?.(id) }
    const reply = (() => {
      try {
        requireLocal(snapshot.settings, listener, request)
        const { query } = locate(request.url, "")
        const { headers } = request
        const caller = snapshot.authenticator.authenticate({ headers, query })
        const body = read(modelNames(runtime, caller), query)
        return { status: 200, headers: { "content-type": "application/json", ...own }, body }
      } catch (thrown) {
        return errorReply({ ingress, ...protocol }, toGatewayError(thrown), id, own)
      }
    })()
    return toResponse(request, reply, snapshot.settings.server)
  }

  function serve(app: Elysia, path: string, protocolOf: (request: Request) => Listing): void {
    app.get(path, ({ request }) => {
      const protocol = protocolOf(request)
      const { models } = protocol.ingress
      return answer(request, protocol, (names, query) => models.list(names, created, query))
    })
    app.get(`${path}/*`, ({ request, params }) => {
      const protocol = protocolOf(request)
      return answer(request, protocol, (names) => {
        const name = decoded(params["*"])
        if (names.includes(name)) return protocol.ingress.models.one(name, created)
        throw unknownModel(name)
      })
    })
  }

  return (app: Elysia) => {
    serve(app, SHARED_MODELS, claimant)
    for (const protocol of listing) {
      const { models, prefixes } = protocol.ingress
      for (const path of models.paths) serve(app, path, () => protocol)
      for (const prefix of prefixes) {
        for (const path of [SHARED_MODELS, ...models.paths]) {
          serve(app, `${prefix}${path}`, () => protocol)
        }
      }
    }
    return app
  }
}

function unknownModel(name: string): GatewayError {
  return new GatewayError("not-found", `The model \`${name.slice(0, 200)}\` does not exist.`, {
    code: "model_not_found",
    param: "model",
  })
}

/** A path segment as its caller meant it; what is no valid escape stands for itself. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Groups in config order, then `provider/model` names where the config exposes them. */
function modelNames({ snapshot }: Runtime, caller: Caller): string[] {
  const { settings } = snapshot
  const groups = settings.groups.map(({ name }) => name)
  if (caller.groups) return groups.filter((name) => caller.groups!.has(name))
  if (!settings.exposeModels) return groups
  const served = settings.providers.flatMap(({ name, models }) =>
    models.map((model) => `${name}/${model}`),
  )
  const used = settings.groups.flatMap(({ models }) =>
    models.map(({ provider, model }) => `${provider}/${model}`),
  )
  return [...new Set([...groups, ...served, ...used])]
}
