import type { AnswerStore } from "../core/answer-store.ts"
import type { CanonicalRequest } from "../core/canonical.ts"
import type { Clock, Timers } from "../core/clock.ts"
import type { GatewayError } from "../core/error.ts"
import type { Ledger } from "../core/ledger.ts"
import type { Logger } from "../core/log.ts"
import type { Send } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import type { Settings } from "../core/settings.ts"
import type { Spending } from "../core/spending.ts"
import type { Authenticator } from "../governance/authenticate.ts"
import type { Filter } from "../routing/filters/filter.ts"
import type { Health } from "../routing/health.ts"
import type { Queues } from "../routing/queue.ts"
import type { RouteTable } from "../routing/resolve.ts"
import type { RetryBudget } from "../routing/retry-budget.ts"
import type { Mirrors } from "./mirrors.ts"
import type { StateMemory } from "./state-memory.ts"
import type { FetchMedia } from "../transport/fetch-media.ts"
import type { Watchdog } from "../transport/watchdog.ts"

/** One config generation, immutable. An exchange keeps the one that it began with. */
export interface Snapshot {
  readonly settings: Settings
  readonly table: RouteTable
  readonly authenticator: Authenticator
  /** Fetches files for upstreams that do not; undefined where the config forbids it. */
  readonly fetchMedia: FetchMedia | undefined
}

/** What the request path works with; lives as long as the process. */
export interface GatewayContext {
  readonly clock: Clock
  readonly timers: Timers
  /** A number in [0, 1). */
  readonly random: () => number
  readonly send: Send
  readonly health: Health
  readonly filters: readonly Filter[]
  readonly budget: RetryBudget
  readonly queues: Queues
  readonly spending: Spending
  readonly watchdog: Watchdog
  readonly ledger: () => Ledger
  readonly answers: AnswerStore
  readonly memory: StateMemory
  readonly mirrors: Mirrors
  readonly logger: Logger
  /** Tokens that a request has, guessed. */
  readonly estimateTokens: (request: CanonicalRequest) => Promise<number>
  /** Told of every channel whose key was rejected, to find out when it works again. */
  readonly rejected: (channel: Channel, error: GatewayError) => void
}
