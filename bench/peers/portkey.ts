import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromNpm } from "./install.ts"
import { chatRoute, launch } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** Portkey's gateway on Node: one process, no cache. It is told by headers where a request goes. */
export const portkey: Peer = {
  name: "portkey",
  language: "TypeScript",
  needs: ["node", "npm"],
  // With the newest HTTP server that its range allows, every stream fails: "TypeError: immutable".
  ...fromNpm("@portkey-ai/gateway", "1.15.2", { "@hono/node-server": "1.13.8" }),
  async start(place) {
    const port = await freePort()
    const route = chatRoute(MODEL)
    const headers = {
      ...route.headers,
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `http://127.0.0.1:${place.upstreamPort}/v1`,
    }
    const program = "node_modules/@portkey-ai/gateway/build/start-server.js"
    return launch(place, {
      name: "portkey",
      port,
      command: ["node", join(place.cache, program), `--port=${port}`, "--headless"],
      env: { NODE_ENV: "production" },
      chat: { ...route, headers },
    })
  },
}
