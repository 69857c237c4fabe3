import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromCargo } from "./install.ts"
import { chatRoute, KEY, launch } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** crabllm: as many threads as it sees cores; no extension, so neither cache nor log nor budgets. */
export const crabllm: Peer = {
  name: "crabllm",
  language: "Rust",
  needs: ["cargo"],
  ...fromCargo("crabllm", "0.0.25"),
  async start(place) {
    const port = await freePort()
    const config = join(place.folder, "crabllm.toml")
    await Bun.write(
      config,
      `listen = "127.0.0.1:${port}"

[providers.bench]
kind = "openai"
api_key = "${KEY}"
base_url = "http://127.0.0.1:${place.upstreamPort}/v1"
models = ["${MODEL}"]
`,
    )
    return launch(place, {
      name: "crabllm",
      port,
      command: [join(place.cache, "bin/crabllm"), "serve", "--config", config],
      env: { RUST_LOG: "error" },
      chat: chatRoute(MODEL),
    })
  },
}
