import type { Elysia } from "elysia"
import { VERSION } from "../core/version.ts"
import type { Runtime } from "../runtime.ts"
import type { Listener } from "./listener.ts"
import { aliveReply } from "./alive.ts"
import { deploymentStates } from "./deployment-states.ts"
import { jsonReply, toResponse } from "./reply.ts"
import { reloadSummary } from "./reload-summary.ts"

/** `/health` for people, `/health/live` and `/health/ready` for probes. All without a key. */
export function healthRoutes(runtime: Runtime, listener: Listener) {
  const answer = (request: Request, value: unknown, status?: number) =>
    toResponse(request, jsonReply(value, status), runtime.snapshot.settings.server)

  return (app: Elysia) =>
    app
      .get("/health", ({ request }) => answer(request, report(runtime, listener)))
      .get("/health/live", ({ request }) =>
        toResponse(request, aliveReply(), runtime.snapshot.settings.server),
      )
      .get("/health/ready", ({ request }) =>
        listener.draining
          ? answer(request, { status: "draining" }, 503)
          : answer(request, { status: "ok" }),
      )
}

function report(runtime: Runtime, listener: Listener) {
  const { snapshot, lastReload } = runtime
  const deployments = deploymentStates(runtime)
  const out = deployments.open + deployments.paused
  const bad = out > 0 || lastReload?.ok === false
  return {
    status: listener.draining ? "draining" : bad ? "degraded" : "ok",
    version: VERSION,
    config: {
      version: snapshot.settings.version,
      ...(lastReload && { reload: reloadSummary(lastReload) }),
    },
    deployments,
  }
}
