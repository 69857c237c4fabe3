import type { Elysia } from "elysia"
import { toGatewayError } from "../core/error.ts"
import type { ServedProtocol } from "../core/protocol.ts"
import { errorReply } from "../gateway/reply.ts"
import type { Runtime } from "../runtime.ts"
import { authorizeAdmin } from "./admin-access.ts"
import { explainFacts, explainRequest } from "./explain-request.ts"
import { healthReport } from "./health-report.ts"
import type { Listener } from "./listener.ts"
import { jsonReply, toResponse } from "./reply.ts"
import { requestId } from "./request-id.ts"

/** What an admin route answers, and with which status; 200 when it says none. */
interface Answer {
  value: unknown
  status?: number
}

/** `/admin/…`: reload, the state of every channel, and what routing would do with a request. */
export function adminRoutes(
  runtime: Runtime,
  protocols: readonly ServedProtocol[],
  listener: Listener,
) {
  /** A handler for whoever may administrate; errors are in the first protocol's dialect. */
  const guarded =
    (answer: (request: Request) => Answer | Promise<Answer>) =>
    async ({ request }: { request: Request }): Promise<Response> => {
      const { server } = runtime.snapshot.settings
      try {
        authorizeAdmin(runtime, listener, request)
        const { value, status } = await answer(request)
        return toResponse(request, jsonReply(value, status), server)
      } catch (thrown) {
        const reply = errorReply(protocols[0]!, toGatewayError(thrown), requestId())
        return toResponse(request, reply, server)
      }
    }

  return (app: Elysia) =>
    app
      .post(
        "/admin/reload",
        guarded(() => reload(runtime)),
        { parse: "none" },
      )
      .get(
        "/admin/health",
        guarded(() => ({ value: healthReport(runtime) })),
      )
      .get(
        "/admin/explain",
        guarded(async (request) => ({ value: await explainFacts(runtime, request) })),
      )
      .post(
        "/admin/explain",
        guarded(async (request) => ({ value: await explainRequest(runtime, protocols, request) })),
        { parse: "none" },
      )
}

async function reload(runtime: Runtime): Promise<Answer> {
  const { ok, changed, failure } = await runtime.reload()
  const status = ok ? (changed ? "reloaded" : "unchanged") : "failed"
  const config = runtime.snapshot.settings.version
  const problems = failure?.diagnostics
  return { value: { status, config, ...(problems && { problems }) }, status: ok ? 200 : 422 }
}
