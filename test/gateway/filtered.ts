import { type ConfigFile, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

/** Sends a request. @returns the deployment that answered, else the status */
export type Ask = (path: string, body: object, headers?: Record<string, string>) => Promise<string>

export interface Options extends ConfigFile {
  providers?: readonly object[]
  group?: object
  script?: string
}

/** Starts a router with a group `g` of these deployments, in order, each at an upstream of its own. */
export async function startFiltered(
  deployments: readonly object[],
  { providers = [], group = {}, script = "ok", ...rest }: Options = {},
): Promise<{ router: Router; upstreams: Upstream[]; ask: Ask }> {
  const upstreams: Upstream[] = []
  for (const _ of deployments) upstreams.push(await startUpstream({ script }))
  const router = await startRouter({
    providers: Object.fromEntries(
      upstreams.map(({ url }, n) => [
        `u${n}`,
        { type: "openai-compatible", baseUrl: url, ...providers[n] },
      ]),
    ),
    groups: {
      g: {
        models: deployments.map((more, n) => ({ provider: `u${n}`, model: "ok", ...more })),
        ...group,
      },
    },
    retries: { attempts: 1, backoff: "5ms", maxBackoff: "20ms" },
    ...rest,
  })
  const ask: Ask = async (path, body, headers) => {
    const response = await router.post(path, body, headers)
    await response.text()
    return response.headers.get("x-llmrouter-deployment") ?? `${response.status}`
  }
  return { router, upstreams, ask }
}

/** A request in the Chat protocol. */
export const chat = (content: unknown, more: object = {}): [string, object] => [
  "/v1/chat/completions",
  { model: "g", messages: [{ role: "user", content }], ...more },
]
