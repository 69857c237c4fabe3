import { systemClock } from "./core/clock.ts"
import type { GatewayError } from "./core/error.ts"
import type { Exchange, Reply } from "./core/exchange.ts"
import type { Logger } from "./core/log.ts"
import type { Settings } from "./core/settings.ts"
import { type LoadOptions, type LoadResult, loadConfig } from "./config/load.ts"
import { watchConfig } from "./config/watch.ts"
import type { GatewayContext, Snapshot } from "./gateway/context.ts"
import type { Gateway } from "./runtime/gateway.ts"
import { nullLedger } from "./storage/null-ledger.ts"
import { createMemoryAnswerStore } from "./storage/memory-answer-store.ts"
import { openStorage } from "./storage/sqlite/open-storage.ts"
import type { UsageReader } from "./storage/sqlite/usage-reader.ts"
import { createLogger, sharedStdout, stdout } from "./telemetry/log.ts"
import { createRedactor } from "./telemetry/redact.ts"
import type { Seat } from "./workers/seat.ts"

/** How the last attempt to reload went. */
export interface ReloadStatus {
  /** Milliseconds since 1970. */
  time: number
  ok: boolean
  /** Whether the new config is another one. */
  changed: boolean
  /** What is wrong with a config that was not taken, as the load reported it. */
  failure: Extract<LoadResult, { ok: false }> | undefined
}

/** A config that has been loaded again. */
export interface PreparedReload {
  result: LoadResult
  changed: boolean
  /** Serves by it, where it is right and another one. @param quiet whether others say what only a restart changes */
  take(quiet?: boolean): void
}

/** A running router without its listener. */
export interface Runtime {
  /** What is served by now; known before anything else is loaded. */
  readonly settings: Settings
  readonly snapshot: Snapshot
  readonly context: GatewayContext
  readonly logger: Logger
  /** Undefined before the first reload. */
  readonly lastReload: ReloadStatus | undefined
  /** Loads all that requests go through, where none has come yet that needed it. */
  warm(): void
  handle(exchange: Exchange): Promise<Reply>
  /** Ends an exchange that is not let in. */
  refuse(exchange: Exchange, error: GatewayError): Reply
  /** Loads the config again and swaps it in when it is right. Never throws. */
  reload(): Promise<ReloadStatus>
  /** Loads the config again, and changes nothing yet. */
  prepare(): Promise<PreparedReload>
  /** Notes how a reload ended that was decided elsewhere. */
  conclude(changed: boolean, failure: ReloadStatus["failure"]): ReloadStatus
  /** Takes over what another worker's seat has spread. */
  learn(heard: unknown): void
  /** Reloads when the config, or a file that it imports, changes. */
  watch(): void
  close(): Promise<void>
}

export interface RuntimeOptions {
  /** How to load the config again. */
  load: LoadOptions
  /** The config to begin with. */
  loaded: Extract<LoadResult, { ok: true }>
  /** Settings that the command line decides, applied to every generation. */
  override?: (settings: Settings) => Settings
  /** Where this process is one of several on the same port. */
  seat?: Seat
}

/**
 * Puts all parts together. What requests go through is most of the code: it is loaded when one comes, so
 * that a new process soon says that it is there. What can be wrong with a config, or a disk, is known before.
 *
 * @throws StorageError when usage cannot be kept
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const override = options.override ?? ((settings) => settings)
  const { seat } = options
  let settings = override(options.loaded.settings)
  let gateway: Gateway | undefined
  let snapshot: Snapshot | undefined
  const logger = createLogger(
    () => settings.log,
    seat ? sharedStdout : stdout,
    createRedactor(() => settings),
  )
  const knowledge = seat?.knowledge(settings, () => gateway?.freed())
  const clock = knowledge?.clock ?? systemClock
  const { ledger, answers } = settings.storage
    ? await openStorage({
        path: settings.storage.path,
        logger,
        clock,
        ...(seat && { writer: seat.writer }),
      })
    : { ledger: nullLedger, answers: createMemoryAnswerStore(clock) }

  function loadGateway(): Gateway {
    const { createGateway } =
      require("./runtime/gateway.ts") as typeof import("./runtime/gateway.ts")
    const shared = seat && knowledge && { seat, knowledge }
    return createGateway({ settings: () => settings, logger, ledger, answers, shared })
  }
  const loaded = (): Gateway => (gateway ??= loadGateway())
  const current = (): Snapshot => (snapshot ??= loaded().generation(settings))

  async function ready(next: Settings): Promise<Snapshot> {
    const { spending, generation } = loaded()
    if (next.providers.some(spending.isNew)) await rememberSpending(next, spending)
    return generation(next)
  }
  /** Budgets go on from what was spent before this process, and before they were set. */
  async function rememberSpending(
    { providers, storage }: Settings,
    spending: Gateway["spending"],
  ): Promise<void> {
    await ledger.flush()
    let reader: UsageReader | undefined
    try {
      if (storage) {
        const { openUsageReader } = await import("./storage/sqlite/usage-reader.ts")
        reader = openUsageReader(storage.path)
      }
      spending.begin(providers, reader?.spentSince ?? nothingSpent)
    } catch (thrown) {
      logger.warn("budgets begin at zero, since the ledger cannot be read", {
        error: thrown instanceof Error ? thrown.message : String(thrown),
      })
      spending.begin(providers, nothingSpent)
    } finally {
      reader?.close()
    }
  }
  await seat?.join()
  // Others wait for what this one knows; a budget goes on from what the ledger says.
  if (seat || settings.providers.some(({ budget }) => budget)) snapshot = await ready(settings)

  let watcher: ReturnType<typeof watchConfig> | undefined
  let lastReload: ReloadStatus | undefined
  let reloading: Promise<unknown> = Promise.resolve()

  async function prepare(): Promise<PreparedReload> {
    const result = await loadConfig(options.load)
    const changed = result.ok && result.settings.version !== settings.version
    const next = result.ok && changed ? override(result.settings) : undefined
    const made = next && (await ready(next))
    if (next) seat?.prepare(next)
    return { result, changed, take: (quiet) => swap(made, quiet) }
  }

  /** @param next undefined where it stays as it is */
  function swap(next: Snapshot | undefined, quiet = false): void {
    if (next) {
      const previous = settings
      snapshot = next
      settings = next.settings
      seat?.take(settings)
      loaded().keep(snapshot)
      if (!quiet) warnOfRestart(logger, previous, settings)
    }
  }

  function conclude(changed: boolean, failure: ReloadStatus["failure"]): ReloadStatus {
    lastReload = { time: clock.wall(), ok: failure === undefined, changed, failure }
    return lastReload
  }

  async function reloadOnce(): Promise<ReloadStatus> {
    if (seat) {
      await seat.reload()
      return lastReload!
    }
    const { result, changed, take } = await prepare()
    watcher?.update(result.files)
    take()
    logReload(logger, result, changed)
    return conclude(changed, result.ok ? undefined : result)
  }

  /** One reload after the other. */
  function reload(): Promise<ReloadStatus> {
    const next = reloading.then(reloadOnce)
    reloading = next.catch(() => {})
    return next
  }

  return {
    get settings() {
      return settings
    },
    get snapshot() {
      return snapshot ?? current()
    },
    get context() {
      return loaded().context
    },
    get lastReload() {
      return lastReload
    },
    logger,
    warm: () => void current(),
    handle: (exchange) => loaded().handle(snapshot ?? current(), exchange),
    refuse: (exchange, error) => loaded().refuse(snapshot ?? current(), exchange, error),
    reload,
    prepare,
    conclude,
    learn: (heard) => loaded().learn(heard),
    watch() {
      watcher ??= watchConfig(options.loaded.files, () => void reload())
    },
    async close() {
      watcher?.close()
      seat?.close()
      await gateway?.close()
      await ledger.close()
    },
  }
}

const nothingSpent = (): ReadonlyMap<string, number> => new Map()

/** Says how it went. */
export function logReload(logger: Logger, result: LoadResult, changed: boolean): void {
  if (result.ok) {
    if (changed) logger.info("config reloaded", { version: result.settings.version })
    return
  }
  for (const { code, message, file, line, column } of result.diagnostics) {
    const at = [file, line, column].filter((part) => part !== undefined).join(":")
    logger.error(`config not taken, the old one stays: ${message}`, { code, at })
  }
}

/** What only a restart can change. */
function warnOfRestart(logger: Logger, before: Settings, after: Settings): void {
  const facts = ({ server, storage }: Settings) => ({
    "server.host": server.host,
    "server.port": server.port,
    "server.workers": server.workers,
    "storage.path": storage === false ? undefined : storage.path,
  })
  const old = facts(before)
  for (const [name, value] of Object.entries(facts(after))) {
    if (value !== old[name as keyof typeof old]) {
      logger.warn(`${name} has changed; it takes effect after a restart`)
    }
  }
}
