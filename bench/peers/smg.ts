import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromPypi } from "./install.ts"
import { chatRoute, launch, optionsOf } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** Shepherd Model Gateway, Rust in a Python package: as many threads as it sees cores. */
export const smg: Peer = {
  name: "smg",
  language: "Rust",
  needs: ["python3"],
  ...fromPypi("smg", "1.13.0"),
  async start(place) {
    const port = await freePort()
    const options = {
      host: "127.0.0.1",
      port,
      backend: "openai",
      "worker-urls": `http://127.0.0.1:${place.upstreamPort}`,
      policy: "round_robin",
      "history-backend": "none",
      "log-level": "error",
      "shutdown-grace-period-secs": 0,
      "prometheus-host": "127.0.0.1",
      "prometheus-port": await freePort(),
    }
    // The upstream of the bench has neither a tokenizer, nor a health check, nor figures of its load.
    const without = ["tokenizer-autoload", "health-check", "load-monitoring"]
    return launch(place, {
      name: "smg",
      port,
      command: [
        join(place.cache, "bin/smg"),
        "launch",
        ...optionsOf(options),
        ...without.map((name) => `--disable-${name}`),
      ],
      chat: chatRoute(MODEL),
    })
  },
}
