import { systemClock, systemTimers } from "./core/clock.ts"
import type { GatewayError } from "./core/error.ts"
import type { Exchange, Reply } from "./core/exchange.ts"
import type { Logger } from "./core/log.ts"
import { worksWithoutKey } from "./core/provider.ts"
import type { ProviderSettings, Settings } from "./core/settings.ts"
import { type LoadOptions, type LoadResult, loadConfig } from "./config/load.ts"
import { watchConfig } from "./config/watch.ts"
import type { GatewayContext, Snapshot } from "./gateway/context.ts"
import { handle } from "./gateway/handle.ts"
import { createMirrors } from "./gateway/mirrors.ts"
import { type CallState, createStateMemory } from "./gateway/state-memory.ts"
import type { Plan } from "./gateway/plan.ts"
import { planOfFacts } from "./gateway/planned-request.ts"
import { createProber } from "./gateway/probe.ts"
import { refuse } from "./gateway/refuse.ts"
import { createAuthenticator } from "./governance/authenticate.ts"
import { declaredPrice } from "./governance/cost.ts"
import { costOf, loadPrices, type PriceTable } from "./governance/prices.ts"
import { createProviderBudgets } from "./governance/provider-budget.ts"
import { createTokenEstimator } from "./governance/token-estimate.ts"
import { protocols } from "./protocols/index.ts"
import { providers } from "./providers/index.ts"
import { buildTable } from "./routing/build-table.ts"
import { createHealth, type HealthRules } from "./routing/health.ts"
import { createFilters } from "./routing/filters/index.ts"
import { createQueues } from "./routing/queue.ts"
import { createRetryBudget } from "./routing/retry-budget.ts"
import { findStrategy } from "./routing/strategies/index.ts"
import { strategyFromFunction } from "./routing/strategy-function.ts"
import { watchEnds } from "./routing/watch-ends.ts"
import { nullLedger } from "./storage/null-ledger.ts"
import { createMemoryAnswerStore } from "./storage/memory-answer-store.ts"
import { openStorage } from "./storage/sqlite/open-storage.ts"
import { openUsageReader, type UsageReader } from "./storage/sqlite/usage-reader.ts"
import { createLogger, stdout } from "./telemetry/log.ts"
import { createRedactor } from "./telemetry/redact.ts"
import { createFetchMedia } from "./transport/fetch-media.ts"
import { createHttpSend } from "./transport/http.ts"
import { createWatchdog } from "./transport/watchdog.ts"
import type { Knowledge } from "./workers/knowledge.ts"
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
  readonly snapshot: Snapshot
  readonly context: GatewayContext
  readonly logger: Logger
  /** Undefined before the first reload. */
  readonly lastReload: ReloadStatus | undefined
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

/** Puts all parts together. @throws StorageError when usage cannot be kept */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const override = options.override ?? ((settings) => settings)
  const { seat } = options
  let prices: PriceTable | undefined
  let settings = override(options.loaded.settings)
  const logger = createLogger(
    () => settings.log,
    stdout,
    createRedactor(() => settings),
  )
  const knowledge = seat?.knowledge(settings, () => queues.freed()) ?? ownKnowledge(() => settings)
  const { clock, budget, spending, filters } = knowledge
  const queues = createQueues(clock, systemTimers, seat?.turns.count)
  const freed = () => queues.freed()
  const health = watchEnds(knowledge.health, seat ? () => seat.turns.give(freed) : freed)
  const send = createHttpSend(clock)
  const { ledger, answers } = settings.storage
    ? await openStorage({
        path: settings.storage.path,
        logger,
        clock,
        ...(seat && { writer: seat.writer }),
      })
    : { ledger: nullLedger, answers: createMemoryAnswerStore(clock) }
  const prober = createProber({ clock, send, logger, health })
  const estimator = createTokenEstimator()
  const memory = createStateMemory(clock, undefined, seat?.spread)
  const context: GatewayContext = {
    clock,
    random: Math.random,
    timers: systemTimers,
    budget,
    queues,
    filters,
    spending,
    send,
    health,
    watchdog: createWatchdog(clock),
    ledger: () => ledger,
    logger,
    answers,
    memory,
    mirrors: createMirrors(systemTimers),
    estimateTokens: (request) => estimator.estimate(request),
    rejected: prober.rejected,
  }

  // The price table is large: it is loaded when a provider has prices, and then before the first request.
  async function ready(next: Settings): Promise<Snapshot> {
    if (next.providers.some(isPriced)) prices ??= await loadPrices()
    if (next.providers.some(spending.isNew)) await rememberSpending(next)
    return snapshotOf(next, knowledge, prices, (message) => logger.warn(message))
  }
  /** Budgets go on from what was spent before this process, and before they were set. */
  async function rememberSpending({ providers, storage }: Settings): Promise<void> {
    await ledger.flush()
    let reader: UsageReader | undefined
    try {
      reader = storage ? openUsageReader(storage.path) : undefined
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
  let snapshot = await ready(settings)

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
      const groups = [...snapshot.table.groups.values()]
      prober.keep(
        new Set(groups.flatMap(({ channels }) => channels.map(({ health }) => health.id))),
      )
      health.keep(groups)
      spending.keep(settings.providers)
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
    get snapshot() {
      return snapshot
    },
    get lastReload() {
      return lastReload
    },
    context,
    logger,
    handle: (exchange) => handle(context, snapshot, exchange),
    refuse: (exchange, error) => refuse(context, snapshot, exchange, error),
    reload,
    prepare,
    conclude,
    learn: (call) => memory.learn(call as CallState),
    watch() {
      watcher ??= watchConfig(options.loaded.files, () => void reload())
    },
    async close() {
      watcher?.close()
      seat?.close()
      await context.mirrors.close()
      prober.close()
      estimator.close()
      await ledger.close()
    },
  }
}

/** Everything of one config generation. */
function snapshotOf(
  settings: Settings,
  { clock, health, findStrategy }: Pick<Knowledge, "clock" | "health" | "findStrategy">,
  prices: PriceTable | undefined,
  warn: (message: string) => void,
): Snapshot {
  const { fetchMedia, limits } = settings
  return {
    settings,
    authenticator: createAuthenticator(settings.auth),
    fetchMedia:
      fetchMedia === false
        ? undefined
        : createFetchMedia({ limit: limits.media, own: fetchMedia === "any" }),
    table: buildTable({
      settings,
      providers,
      protocols,
      findStrategy,
      fromFunction: (decide, group) =>
        strategyFromFunction(decide, {
          clock,
          timers: systemTimers,
          warn: (why) => warn(`the strategy of \`${group}\` is not followed: ${why}`),
        }),
      health,
      cost: (vendor, model, declared) => {
        const price = declared ? declaredPrice(declared) : prices?.priceOf(vendor, model)
        return (usage) => (price ? costOf(usage, price) : null)
      },
      window: (vendor, model) => prices?.windowOf(vendor, model),
    }),
  }
}

/**
 * What a router that has just begun with these settings would do with a request.
 *
 * @param warn told why a group's own function is not followed
 * @throws GatewayError
 */
export async function planAtStart(
  settings: Settings,
  query: URLSearchParams,
  warn: (message: string) => void,
): Promise<Plan> {
  const health = createHealth(systemClock, () => settings)
  const prices = settings.providers.some(isPriced) ? await loadPrices() : undefined
  const knowledge = { clock: systemClock, health, findStrategy }
  const snapshot = snapshotOf(settings, knowledge, prices, warn)
  const filters = createFilters(createProviderBudgets(systemClock))
  return planOfFacts({ health, filters, clock: systemClock, random: () => 0.5 }, snapshot, query)
}

const nothingSpent = (): ReadonlyMap<string, number> => new Map()

/** Whether some request to this provider can have a price. */
function isPriced({ type, keys, options }: ProviderSettings): boolean {
  const definition = providers.get(type)
  if (definition?.vendor === undefined) return false
  return keys.length > 0 || worksWithoutKey(definition, options)
}

/** What one process by itself decides by. */
function ownKnowledge(rules: () => HealthRules): Knowledge {
  const clock = systemClock
  const spending = createProviderBudgets(clock)
  return {
    clock,
    health: createHealth(clock, rules),
    budget: createRetryBudget(),
    spending,
    filters: createFilters(spending),
    findStrategy,
  }
}

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
