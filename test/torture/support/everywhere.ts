import { clients } from "../../matrix/clients/index.ts"
import type { Client, Talk } from "../../matrix/talk.ts"
import { type MatrixUpstream, upstreams } from "../../matrix/upstreams.ts"
import type { ConfigFile } from "../../support/router.ts"

/** Every pair of a client's protocol and an upstream's. */
export const pairs: readonly (readonly [name: string, Client, MatrixUpstream])[] = clients.flatMap(
  (client) =>
    upstreams.map((target) => [`${client.ingress} to ${target.id}`, client, target] as const),
)

/** The pairs in which answers are translated. */
export const translatedPairs = pairs.filter(([, { ingress }, { id }]) => ingress !== id)

/** A config with one group for each upstream's protocol, all at one scripted server. */
export function everywhere(port: number, rest: ConfigFile = {}): ConfigFile {
  const root = `http://127.0.0.1:${port}`
  return {
    providers: Object.fromEntries(upstreams.map(({ id, provider }) => [id, provider(root)])),
    groups: Object.fromEntries(upstreams.map(({ id, model }) => [id, [`${id}/${model}`]])),
    retries: { attempts: 0 },
    breaker: { failures: 0, rate: 0 },
    cooldown: {
      network: "0ms",
      rateLimit: "0ms",
      server: "0ms",
      auth: "0ms",
      authMax: "0ms",
      missing: "0ms",
    },
    ...rest,
  }
}

export const ASK: Talk = { prompt: "hi", stream: false }
export const ASK_STREAM: Talk = { prompt: "hi", stream: true }

/** What `fetch` needs for one request of this client. */
export function requestOf(
  client: Client,
  model: string,
  talk: Talk,
): { path: string; body: string; headers: Record<string, string> } {
  return {
    path: client.path(model, talk.stream),
    body: JSON.stringify(client.body(model, talk, [])),
    headers: { "content-type": "application/json", ...client.headers },
  }
}
