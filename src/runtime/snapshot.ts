import { systemClock, systemTimers } from "../core/clock.ts"
import { worksWithoutKey } from "../core/provider.ts"
import type { ProviderSettings, Settings } from "../core/settings.ts"
import type { Snapshot } from "../gateway/context.ts"
import type { Plan } from "../gateway/plan.ts"
import { planOfFacts } from "../gateway/planned-request.ts"
import { createAuthenticator } from "../governance/authenticate.ts"
import { declaredPrice } from "../governance/cost.ts"
import { costOf, loadPrices } from "../governance/prices.ts"
import { createProviderBudgets } from "../governance/provider-budget.ts"
import { protocols } from "../protocols/index.ts"
import { providers } from "../providers/index.ts"
import { buildTable } from "../routing/build-table.ts"
import { createFilters } from "../routing/filters/index.ts"
import { createHealth } from "../routing/health.ts"
import { findStrategy } from "../routing/strategies/index.ts"
import { strategyFromFunction } from "../routing/strategy-function.ts"
import { createFetchMedia } from "../transport/fetch-media.ts"
import type { Knowledge } from "../workers/knowledge.ts"

/** Everything of one config generation. */
export function snapshotOf(
  settings: Settings,
  { clock, health, findStrategy }: Pick<Knowledge, "clock" | "health" | "findStrategy">,
  warn: (message: string) => void,
): Snapshot {
  const { fetchMedia, limits } = settings
  const prices = settings.providers.some(isPriced) ? loadPrices() : undefined
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
  const knowledge = { clock: systemClock, health, findStrategy }
  const snapshot = snapshotOf(settings, knowledge, warn)
  const filters = createFilters(createProviderBudgets(systemClock))
  return planOfFacts({ health, filters, clock: systemClock, random: () => 0.5 }, snapshot, query)
}

/** Whether some request to this provider can have a price. */
function isPriced({ type, keys, options }: ProviderSettings): boolean {
  const definition = providers.get(type)
  if (definition?.vendor === undefined) return false
  return keys.length > 0 || worksWithoutKey(definition, options)
}
