import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromGo } from "./install.ts"
import { chatRoute, KEY, launch, optionsOf } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** Bifrost by its manual: configured by a file, without a store for settings or logs. Not seen running yet. */
export const bifrost: Peer = {
  name: "bifrost",
  language: "Go",
  needs: ["go"],
  ...fromGo("github.com/maximhq/bifrost/transports", "v1.6.11", "/bifrost-http"),
  async start(place) {
    const port = await freePort()
    await Bun.write(
      join(place.folder, "config.json"),
      JSON.stringify({
        client: { enable_logging: false, drop_excess_requests: false },
        providers: {
          openai: {
            keys: [{ name: "bench", value: KEY, models: ["*"], weight: 1 }],
            network_config: { base_url: `http://127.0.0.1:${place.upstreamPort}` },
          },
        },
        config_store: { enabled: false },
        logs_store: { enabled: false },
      }),
    )
    const options = {
      host: "127.0.0.1",
      port,
      "log-level": "error",
      "app-dir": place.folder,
    }
    return launch(place, {
      name: "bifrost",
      port,
      command: [join(place.cache, "bin/bifrost-http"), ...optionsOf(options)],
      chat: chatRoute(`openai/${MODEL}`),
    })
  },
}
