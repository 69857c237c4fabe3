import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromGo } from "./install.ts"
import { chatRoute, KEY, launch } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** GoModel by its manual: audit log, metrics and live log off, as its own benchmark has it. Not seen running yet. */
export const gomodel: Peer = {
  name: "gomodel",
  language: "Go",
  needs: ["go"],
  ...fromGo("github.com/enterpilot/gomodel", "v0.1.98", "/cmd/gomodel"),
  async start(place) {
    const port = await freePort()
    return launch(place, {
      name: "gomodel",
      port,
      command: [join(place.cache, "bin/gomodel")],
      env: {
        PORT: String(port),
        OPENAI_API_KEY: KEY,
        OPENAI_BASE_URL: `http://127.0.0.1:${place.upstreamPort}/v1`,
        OPENAI_MODELS: MODEL,
        CONFIGURED_PROVIDER_MODELS_MODE: "allowlist",
        GOMODEL_OFFLINE: "true",
        LOGGING_ENABLED: "false",
        METRICS_ENABLED: "false",
        DASHBOARD_LIVE_LOGS_ENABLED: "false",
        LOG_LEVEL: "error",
      },
      chat: chatRoute(MODEL),
    })
  },
}
