import type { LoadResult } from "../config/load.ts"
import { watchConfig } from "../config/watch.ts"
import { systemClock } from "../core/clock.ts"
import type { Logger } from "../core/log.ts"
import type { Settings } from "../core/settings.ts"
import { openStorage, type Storage, StorageError } from "../storage/sqlite/open-storage.ts"
import { createLogger, sharedStdout } from "../telemetry/log.ts"
import { createRedactor } from "../telemetry/redact.ts"
import { createSupervisor, WorkerEnded } from "../workers/supervisor.ts"
import { announce } from "./banner.ts"
import { EXIT, fail } from "./exit.ts"
import { cannotListen, type ServeFlags, surviveErrors, withFlags } from "./serving.ts"

/** Milliseconds beyond the time to drain after which a worker is ended that does not end. */
const PATIENCE = 10_000

/** Starts the workers and looks after them. Serves nothing itself. */
export async function serveWithWorkers({
  loaded,
  flags,
  watch,
}: {
  loaded: Extract<LoadResult, { ok: true }>
  flags: ServeFlags
  watch: boolean
}): Promise<void> {
  const settings = withFlags(loaded.settings, flags)
  const { host, port, drain, workers } = settings.server
  const logger = createLogger(
    () => settings.log,
    sharedStdout,
    createRedactor(() => settings),
  )
  requireFreePort(host!, port)
  const storage = await open(settings, logger)
  let watcher: ReturnType<typeof watchConfig> | undefined
  const supervisor = createSupervisor({
    workers,
    logger,
    storage,
    patience: drain + PATIENCE,
    files: (files) => watcher?.update(files),
  })
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) {
      supervisor.kill()
      process.exit(EXIT.failed)
    }
    stopping = true
    logger.info("shutting down", { signal, drain })
    watcher?.close()
    await supervisor.stop(signal)
    process.exit(EXIT.ok)
  }
  process.on("SIGTERM", () => void stop("SIGTERM"))
  process.on("SIGINT", () => void stop("SIGINT"))
  process.on("SIGHUP", () => void supervisor.reload())
  surviveErrors({ logger })
  const address = await supervisor.start().catch((thrown: unknown) => {
    if (thrown instanceof WorkerEnded) process.exit(thrown.status)
    fail(EXIT.failed, thrown instanceof Error ? thrown.message : String(thrown))
  })
  if (watch) watcher = watchConfig(loaded.files, () => void supervisor.reload())
  announce({
    settings,
    origin: loaded.origin,
    address,
    askedHost: flags.host ?? loaded.settings.server.host,
    logger,
  })
}

/** Workers share their port with whoever shares it with them, which must not be another router. */
function requireFreePort(hostname: string, port: number): void {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true)
  } catch (thrown) {
    fail(EXIT.failed, cannotListen(thrown, hostname, port))
  }
}

async function open({ storage }: Settings, logger: Logger): Promise<Storage | undefined> {
  if (!storage) return undefined
  try {
    return await openStorage({ path: storage.path, logger, clock: systemClock })
  } catch (thrown) {
    if (thrown instanceof StorageError) fail(EXIT.failed, thrown.message)
    throw thrown
  }
}
