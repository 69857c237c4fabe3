import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromGo } from "./install.ts"
import { chatRoute, KEY, launch } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** llmux without accounts, database and metrics, for which it insists on `development`. Not seen running yet. */
export const llmux: Peer = {
  name: "llmux",
  language: "Go",
  needs: ["go"],
  // It has no releases: its last commit.
  ...fromGo("github.com/blueberrycongee/llmux", "359bd97", "/cmd/server"),
  async start(place) {
    const port = await freePort()
    const config = join(place.folder, "config.yaml")
    await Bun.write(
      config,
      JSON.stringify({
        server: { port },
        deployment: { mode: "development" },
        auth: { enabled: false },
        governance: { enabled: false },
        metrics: { enabled: false },
        logging: { level: "error" },
        providers: [
          {
            name: "bench",
            type: "openai",
            api_key: KEY,
            base_url: `http://127.0.0.1:${place.upstreamPort}/v1`,
            allow_private_base_url: true,
            models: [MODEL],
          },
        ],
      }),
    )
    return launch(place, {
      name: "llmux",
      port,
      command: [join(place.cache, "bin/server"), "--config", config],
      chat: chatRoute(MODEL),
    })
  },
}
