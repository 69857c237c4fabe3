import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "../../src/config/load.ts"
import { protocols } from "../../src/protocols/index.ts"
import { createRuntime, type Runtime } from "../../src/runtime.ts"
import { isServed } from "../../src/core/protocol.ts"
import { createApp } from "../../src/server/app.ts"
import { type Front, type FrontOptions, openFront } from "../../src/server/front/index.ts"
import { createListener, type Listener } from "../../src/server/listener.ts"
import { queryLedger } from "./ledger-file.ts"

/** A config as a JSON file holds it. */
export type ConfigFile = Record<string, unknown>

/** A whole router in this process, listening on loopback. */
export interface Router {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The same of Elysia's own server behind it. */
  readonly inner: string
  readonly front: Front
  readonly runtime: Runtime
  readonly listener: Listener
  readonly folder: string
  /** Writes another config; the caller reloads. */
  configure(config: ConfigFile | string): void
  /** Posts JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** Every row of the ledger so far, oldest first. */
  rows(): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** Starts the real thing from a real file: only the process boundary is missing. */
export async function startRouter(
  config: ConfigFile,
  hostname = "127.0.0.1",
  frontOptions: Pick<FrontOptions, "idleSeconds" | "stallSeconds"> = {},
): Promise<Router> {
  const folder = mkdtempSync(join(tmpdir(), "llmrouter-test-"))
  const path = join(folder, "llmrouter.config.json")
  const configure = (next: ConfigFile | string) => {
    const quiet = { log: { level: "silent" } }
    writeFileSync(
      path,
      typeof next === "string" ? next : JSON.stringify({ ...quiet, ...next }, null, 2),
    )
  }
  configure(config)
  const load = { path, cwd: folder, env: {} }
  const loaded = await loadConfig(load)
  if (!loaded.ok) throw new Error(loaded.diagnostics.map(({ message }) => message).join("\n"))
  const runtime = await createRuntime({ load, loaded })
  const listener = createListener()
  const served = [...protocols.values()].filter(isServed)
  const app = createApp(runtime, served, listener)
  app.listen({ port: 0, hostname: "127.0.0.1" })
  listener.server = app.server!
  const front = openFront({
    runtime,
    protocols: served,
    listener,
    hostname,
    port: 0,
    reusePort: false,
    inner: () => app.server!.port!,
    ...frontOptions,
  })
  const url = `http://127.0.0.1:${front.port}`

  return {
    url,
    inner: `http://127.0.0.1:${app.server!.port}`,
    front,
    runtime,
    listener,
    folder,
    configure,
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    async rows() {
      await runtime.context.ledger().flush()
      return queryLedger(folder, "SELECT * FROM usage ORDER BY time, id")
    },
    async close() {
      front.end()
      await app.server?.stop(true)
      await runtime.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A config with one group `g` over these upstreams, in order, each with these keys. */
export function overUpstreams(
  upstreams: readonly { url: string; model?: string; keys?: string[]; timeouts?: object }[],
  rest: ConfigFile = {},
): ConfigFile {
  return {
    providers: Object.fromEntries(
      upstreams.map(({ url, keys = [], timeouts = {} }, index) => [
        `u${index}`,
        { type: "openai-compatible", baseUrl: url, keys, timeouts },
      ]),
    ),
    groups: { g: upstreams.map(({ model = "ok" }, index) => `u${index}/${model}`) },
    ...rest,
  }
}
