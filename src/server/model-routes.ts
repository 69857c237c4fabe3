import { Elysia } from "elysia"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { Protocol } from "../core/protocol.ts"
import { errorReply } from "../gateway/reply.ts"
import type { Caller } from "../governance/authenticate.ts"
import type { Runtime } from "../runtime.ts"
import type { Listener } from "./listener.ts"
import { requireLocal } from "./local-only.ts"
import { routeDocs } from "./openapi/index.ts"
import { jsonReply, toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"

/** `/v1/models` and `/v1/models/{id}`: what this caller may use as `model`. */
export function modelRoutes(runtime: Runtime, protocol: Protocol, listener: Listener) {
  const started = Math.floor(Date.now() / 1000)

  function entry(id: string) {
    return { id, object: "model", created: started, owned_by: "llmrouter" }
  }

  async function answer(request: Request, read: (names: string[]) => unknown): Promise<Response> {
    const { snapshot } = runtime
    const id = requestId()
    const reply = (() => {
      try {
        requireLocal(snapshot.settings, listener, request)
        const caller = snapshot.authenticator.authenticate(request.headers)
        return jsonReply(read(modelNames(runtime, caller)))
      } catch (thrown) {
        return errorReply(protocol, toGatewayError(thrown), id)
      }
    })()
    reply.headers["x-request-id"] = id
    return toResponse(request, reply, snapshot.settings.server)
  }

  const list = ({ request }: { request: Request }) =>
    answer(request, (names) => ({ object: "list", data: names.map(entry) }))

  const one = ({ request, params }: { request: Request; params: { "*": string } }) =>
    answer(request, (names) => {
      const name = decoded(params["*"])
      if (names.includes(name)) return entry(name)
      throw new GatewayError("not-found", `The model \`${name.slice(0, 200)}\` does not exist.`, {
        code: "model_not_found",
        param: "model",
      })
    })

  const app = new Elysia({ name: "models" })
    .get("/v1/models", list, { detail: routeDocs.models })
    .get("/v1/models/*", one, { detail: routeDocs.model })
  for (const prefix of protocol.ingress.prefixes) {
    app
      .get(`${prefix}/v1/models`, list, { detail: { hide: true } })
      .get(`${prefix}/v1/models/*`, one, { detail: { hide: true } })
  }
  return app
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
