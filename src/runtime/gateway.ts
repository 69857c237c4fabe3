import { systemClock, systemTimers } from "../core/clock.ts"
import type { AnswerStore } from "../core/answer-store.ts"
import type { GatewayError } from "../core/error.ts"
import type { Exchange, Reply } from "../core/exchange.ts"
import type { Ledger } from "../core/ledger.ts"
import type { Logger } from "../core/log.ts"
import type { Settings } from "../core/settings.ts"
import type { GatewayContext, Snapshot } from "../gateway/context.ts"
import { handle } from "../gateway/handle.ts"
import { createMirrors } from "../gateway/mirrors.ts"
import { createProber } from "../gateway/probe.ts"
import { refuse } from "../gateway/refuse.ts"
import { type CallState, createStateMemory } from "../gateway/state-memory.ts"
import { createProviderBudgets } from "../governance/provider-budget.ts"
import { createTokenEstimator } from "../governance/token-estimate.ts"
import { createFilters } from "../routing/filters/index.ts"
import { createHealth, type HealthRules } from "../routing/health.ts"
import { createQueues } from "../routing/queue.ts"
import { createRetryBudget } from "../routing/retry-budget.ts"
import { findStrategy } from "../routing/strategies/index.ts"
import { watchEnds } from "../routing/watch-ends.ts"
import { createHttpSend } from "../transport/http.ts"
import { createWatchdog } from "../transport/watchdog.ts"
import type { Knowledge } from "../workers/knowledge.ts"
import type { Seat } from "../workers/seat.ts"
import { snapshotOf } from "./snapshot.ts"

/** Everything that requests go through, but for the config's generation. */
export interface Gateway {
  readonly context: GatewayContext
  readonly spending: Knowledge["spending"]
  /** A generation by these settings. */
  generation(settings: Settings): Snapshot
  /** This generation is the one that serves now: what was known of what it lacks may be forgotten. */
  keep(snapshot: Snapshot): void
  handle(snapshot: Snapshot, exchange: Exchange): Promise<Reply>
  /** Ends an exchange that is not let in. */
  refuse(snapshot: Snapshot, exchange: Exchange, error: GatewayError): Reply
  /** Takes over what another worker's seat has spread. */
  learn(heard: unknown): void
  /** Somewhere an attempt has ended: there may be room for one that waits. */
  freed(): void
  close(): Promise<void>
}

export interface GatewayParts {
  /** Those that are served by now. */
  settings: () => Settings
  logger: Logger
  ledger: Ledger
  answers: AnswerStore
  /** Where this process is one of several on the same port: its place there, and what it decides by. */
  shared: { seat: Seat; knowledge: Knowledge } | undefined
}

/** Puts it together. Much is behind it, so `runtime.ts` loads this file when a request comes. */
export function createGateway(parts: GatewayParts): Gateway {
  const { settings, logger, ledger, answers } = parts
  const seat = parts.shared?.seat
  const knowledge = parts.shared?.knowledge ?? ownKnowledge(settings)
  const { clock, budget, spending, filters } = knowledge
  const queues = createQueues(clock, systemTimers, seat?.turns.count)
  const freed = () => queues.freed()
  const health = watchEnds(knowledge.health, seat ? () => seat.turns.give(freed) : freed)
  const send = createHttpSend(clock)
  const prober = createProber({ clock, send, logger, health })
  const estimator = createTokenEstimator()
  const memory = createStateMemory(clock, undefined, seat?.spread)
  const mirrors = createMirrors(systemTimers)
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
    mirrors,
    estimateTokens: (request) => estimator.estimate(request),
    rejected: prober.rejected,
  }
  const by = { clock, health, findStrategy: knowledge.findStrategy }
  return {
    context,
    spending,
    generation: (next) => snapshotOf(next, by, (message) => logger.warn(message)),
    keep({ settings, table }) {
      const groups = [...table.groups.values()]
      prober.keep(
        new Set(groups.flatMap(({ channels }) => channels.map(({ health }) => health.id))),
      )
      health.keep(groups)
      spending.keep(settings.providers)
    },
    handle: (snapshot, exchange) => handle(context, snapshot, exchange),
    refuse: (snapshot, exchange, error) => refuse(context, snapshot, exchange, error),
    learn: (heard) => memory.learn(heard as CallState),
    freed,
    async close() {
      await mirrors.close()
      prober.close()
      estimator.close()
    },
  }
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
