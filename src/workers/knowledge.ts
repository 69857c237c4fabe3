import type { Clock } from "../core/clock.ts"
import type { RetryBudget } from "../routing/retry-budget.ts"
import type { Strategy } from "../core/routing.ts"
import { createProviderBudgets, type ProviderBudgets } from "../governance/provider-budget.ts"
import { createFilters } from "../routing/filters/index.ts"
import type { Filter } from "../routing/filters/filter.ts"
import { createHealth, type Health, type HealthRules } from "../routing/health.ts"
import { findStrategy } from "../routing/strategies/index.ts"
import type { Commons } from "./commons.ts"
import { createDecisions, shareFilters } from "./decisions.ts"
import { shareHealth } from "./shared-health.ts"
import { shareRetryBudget } from "./shared-retry-budget.ts"
import { createSharedRules, type SharedRules } from "./shared-rules.ts"
import { shareSpending } from "./shared-spending.ts"
import { createSharedStrategies } from "./shared-strategies.ts"

/** What a router decides by. */
export interface Knowledge {
  readonly clock: Clock
  readonly health: Health
  readonly budget: RetryBudget
  readonly spending: ProviderBudgets
  readonly filters: readonly Filter[]
  findStrategy(name: string): Strategy | undefined
}

/** The rules of a config generation. */
export type Versioned = HealthRules & { readonly version: string }

/** The same with the rules that all judge by. */
export interface SharedKnowledge extends Knowledge {
  readonly rules: SharedRules
}

/**
 * All of it as this worker's share of what all workers know.
 *
 * @param rules those to begin with, by their version
 * @param ended told when an attempt of another worker has ended
 */
export function shareKnowledge(
  commons: Commons,
  clock: Clock,
  rules: Versioned,
  ended: () => void,
): SharedKnowledge {
  const shared = createSharedRules(commons, { version: rules.version, rules })
  const decisions = createDecisions(commons.lock, commons.catchUp)
  const own = createHealth(commons.clock, () => shared.current)
  const strategies = createSharedStrategies(commons, own, findStrategy)
  const health = shareHealth(own, commons, ended, ({ deployment }) => {
    // Where money is to be kept aside, that is still a part of the decision.
    if (!deployment.provider.budget) decisions.end()
  })
  const budgets = createProviderBudgets(commons.clock)
  const spending = shareSpending(budgets, commons, decisions.end)
  return {
    rules: shared,
    clock,
    health: strategies.watch(health),
    budget: shareRetryBudget(commons.memory, commons.lock, commons.worker),
    spending,
    filters: shareFilters(createFilters(spending), decisions),
    findStrategy(name) {
      const strategy = findStrategy(name)
      return strategy && strategies.share(strategy)
    },
  }
}
