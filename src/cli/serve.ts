import { defineCommand } from "citty"
import { type LoadResult, loadConfig } from "../config/load.ts"
import type { Diagnostic } from "../config/diagnostic.ts"
import { ownPlace } from "../workers/place.ts"
import { ensureCapacity } from "./capacity.ts"
import { EXIT, fail } from "./exit.ts"
import { readServeFlags } from "./serve-flags.ts"
import {
  cannotListen,
  createServing,
  type ServeFlags,
  surviveErrors,
  withFlags,
} from "./serving.ts"

/** `llmrouter` and `llmrouter serve`. */
export const serveCommand = defineCommand({
  meta: { name: "serve", description: "Serves the API (what `llmrouter` does without a command)" },
  args: {
    config: { type: "string", alias: "c", description: "Config file" },
    port: { type: "string", alias: "p", description: "Port; wins over PORT and the config" },
    host: { type: "string", description: "Address; wins over HOST and the config" },
    workers: {
      type: "string",
      description: "Processes that share the port, or `auto`; wins over the config",
    },
    watch: { type: "boolean", default: true, description: "Reload when the config changes" },
  },
  run: ({ args }) => serve(args),
})

interface ServeArgs {
  config?: string | undefined
  port?: string | undefined
  host?: string | undefined
  workers?: string | undefined
  watch: boolean
}

/** A config that is right. */
type Loaded = Extract<LoadResult, { ok: true }>

async function serve(args: ServeArgs): Promise<void> {
  const flags = readServeFlags(args)
  const load = { path: args.config }
  const place = ownPlace()
  const loaded = await loadConfig(load)
  // The process that starts the workers has told that already.
  if (!place) await tell(loaded.warnings)
  if (!loaded.ok) {
    await tell(loaded.diagnostics)
    process.exit(EXIT.config)
  }
  ensureCapacity(loaded.settings)
  // What only some need is loaded when they do.
  if (place) {
    const { serveAsWorker } = await import("./serve-as-worker.ts")
    return serveAsWorker({ load, loaded, flags, place })
  }
  if (withFlags(loaded.settings, flags).server.workers > 1 && canShare()) {
    const { serveWithWorkers } = await import("./serve-with-workers.ts")
    return serveWithWorkers({ loaded, flags, watch: args.watch })
  }
  return serveAlone(load, loaded, flags, args.watch)
}

async function tell(diagnostics: readonly Diagnostic[]): Promise<void> {
  if (diagnostics.length === 0) return
  const { renderDiagnostics } = await import("../config/render.ts")
  process.stderr.write(renderDiagnostics(diagnostics))
}

/** Whether the system spreads connections over processes on one port. */
function canShare(): boolean {
  if (process.platform === "linux") return true
  process.stderr.write(
    "warning: one process serves, since only Linux spreads connections over several on one port\n",
  )
  return false
}

async function serveAlone(
  load: { path: string | undefined },
  loaded: Loaded,
  flags: ServeFlags,
  watch: boolean,
): Promise<void> {
  const serving = await createServing({ load, loaded, flags })
  const { runtime, listener } = serving
  const { settings } = runtime
  let address: { host: string; port: number }
  try {
    address = serving.listen()
  } catch (thrown) {
    fail(EXIT.failed, cannotListen(thrown, settings.server.host!, settings.server.port))
  }
  // Before it says that it is there: whoever waits for that may send a signal at once.
  const stop = async (signal: string) => {
    if (listener.draining) process.exit(1)
    runtime.logger.info("shutting down", { signal, drain: settings.server.drain })
    await serving.stop()
    process.exit(EXIT.ok)
  }
  process.on("SIGTERM", () => void stop("SIGTERM"))
  process.on("SIGINT", () => void stop("SIGINT"))
  process.on("SIGHUP", () => void runtime.reload())
  surviveErrors(runtime)
  // Whoever waits for the port is answered first: what follows takes milliseconds of its own.
  await Bun.sleep(1)
  if (watch) runtime.watch()
  const { announce } = await import("./banner.ts")
  announce({
    settings,
    origin: loaded.origin,
    address,
    askedHost: flags.host ?? loaded.settings.server.host,
    logger: runtime.logger,
  })
  runtime.warm()
}
