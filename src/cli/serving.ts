import type { LoadOptions, LoadResult } from "../config/load.ts"
import { isServed, type ServedProtocol } from "../core/protocol.ts"
import type { Settings } from "../core/settings.ts"
import { workerCount } from "../core/worker-count.ts"
import { createRuntime, type Runtime } from "../runtime.ts"
import { createRest } from "../server/at-rest.ts"
import { type Front, openFront } from "../server/front/index.ts"
import { createListener, type Listener, LOOPBACK } from "../server/listener.ts"
import { StorageError } from "../storage/sqlite/open-storage.ts"
import type { Seat } from "../workers/seat.ts"
import { EXIT, fail } from "./exit.ts"

/** Milliseconds that the ends of answers may take to be sent when the time to drain is over. */
const LAST_BYTES = 1000

/** Milliseconds for which code that runs once may still be run: the executable begins slow to compile. */
const BEGINNING = 100

/** What the command line says, which wins over the config. */
export interface ServeFlags {
  host: string | undefined
  port: number | undefined
  workers: number | "auto" | undefined
}

export interface ServingOptions {
  load: LoadOptions
  loaded: Extract<LoadResult, { ok: true }>
  flags: ServeFlags
  /** Where this process is one of several on the same port. */
  seat?: Seat
}

/** A router in this process. */
export interface Serving {
  readonly runtime: Runtime
  readonly listener: Listener
  /** Begins to serve. @param port in the place of what the settings say @throws Error where it cannot */
  listen(port?: number): { host: string; port: number }
  /** Lets what is under way end, for as long as the settings say, and closes everything. */
  stop(): Promise<void>
}

/** Puts a router together. Ends the process where usage cannot be kept. */
export async function createServing({
  load,
  loaded,
  flags,
  seat,
}: ServingOptions): Promise<Serving> {
  const rest = createRest({ isQuiet: () => listener.quiet })
  const listener: Listener = createListener(rest.stir)
  const runtime: Runtime = await createRuntime({
    load,
    loaded,
    ...(seat && { seat }),
    override(settings) {
      if (listener.exposed && !settings.auth.required) {
        runtime.logger.error(
          "the config has no caller keys any more, but other machines can reach the router: every request is refused. Set `auth.keys`, or restart to serve this machine only",
        )
      }
      return withFlags(settings, flags)
    },
  }).catch((thrown: unknown) => {
    if (thrown instanceof StorageError) fail(EXIT.failed, thrown.message)
    throw thrown
  })
  let front: Front | undefined
  /** Elysia has the routes that few ask for: it is loaded when somebody does. */
  function portOfApp(): number {
    listener.server ??= openApp()
    return listener.server.port!
  }
  function openApp() {
    const { createApp } = require("../server/app.ts") as typeof import("../server/app.ts")
    const app = createApp(runtime, servedProtocols(), listener)
    app.listen({ port: 0, hostname: "127.0.0.1" })
    return app.server!
  }
  return {
    runtime,
    listener,
    listen(chosen) {
      const { server } = runtime.settings
      const port = chosen ?? server.port
      front = openFront({
        runtime,
        get protocols() {
          return servedProtocols()
        },
        listener,
        hostname: server.host!,
        port,
        // Without others to share it with, a port that is in use is a mistake to be told of.
        reusePort: seat !== undefined,
        inner: portOfApp,
      })
      setTimeout(() => Bun.unsafe.setJITPolicy(1), BEGINNING).unref()
      return { host: server.host!, port: front.port }
    },
    async stop() {
      const deadline = Bun.sleep(runtime.settings.server.drain)
      await Promise.race([listener.drain(), deadline])
      listener.cut()
      // The last bytes of the last answer, or why it was cut, may still be on their way out.
      const sent = Promise.all([deadline, Bun.sleep(LAST_BYTES)])
      await Promise.race([Promise.all([front?.stop(), listener.server?.stop()]), sent])
      front?.end()
      await listener.server?.stop(true)
      await runtime.close()
    },
  }
}

/** Protocols that callers can speak; loaded when they are asked for. */
function servedProtocols(): ServedProtocol[] {
  const { protocols } = require("../protocols/index.ts") as typeof import("../protocols/index.ts")
  return [...protocols.values()].filter(isServed)
}

/** Settings as the command line has them. Without caller keys only this machine is served, whatever the config says. */
export function withFlags(settings: Settings, flags: ServeFlags): Settings {
  const asked = flags.host ?? settings.server.host
  const open = !settings.auth.required
  const safe = open && asked !== undefined && !LOOPBACK.test(asked) ? undefined : asked
  return {
    ...settings,
    server: {
      ...settings.server,
      host: safe ?? (open ? "127.0.0.1" : "0.0.0.0"),
      port: flags.port ?? settings.server.port,
      workers: workerCount(flags.workers ?? settings.server.workers),
    },
  }
}

/** Why a port cannot be listened on, and what to do about it. */
export function cannotListen(thrown: unknown, host: string, port: number): string {
  const code = (thrown as { code?: string }).code
  if (code === "EADDRINUSE") {
    return `port ${port} on ${host} is in use. Choose another: llmrouter --port ${port + 1}`
  }
  if (code === "EACCES") {
    return `port ${port} needs more rights than this user has. Choose one above 1023: llmrouter --port 8080`
  }
  return `cannot listen on ${host}:${port}: ${thrown instanceof Error ? thrown.message : thrown}`
}

/** One broken exchange must not take the others down. */
export function surviveErrors({ logger }: Pick<Runtime, "logger">): void {
  const tell = (cause: unknown) =>
    logger.error("an error was not handled", {
      cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
    })
  process.on("unhandledRejection", tell)
  process.on("uncaughtException", tell)
}
