import type { Clock } from "../core/clock.ts"
import type { Budget, ProviderSettings } from "../core/settings.ts"
import type { Hold, Spending } from "../core/spending.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const WEEK = 7 * DAY
/** The first Monday after 1970 began, in milliseconds. */
const MONDAY = 4 * DAY

type Window = Budget["window"]

/** When a window of the calendar (UTC; weeks begin on Monday) began: milliseconds since 1970. */
export function windowBegin(window: Window, time: number): number {
  switch (window) {
    case undefined:
      return Number.NEGATIVE_INFINITY
    case "hour":
      return time - (time % HOUR)
    case "day":
      return time - (time % DAY)
    case "week":
      return time - ((((time - MONDAY) % WEEK) + WEEK) % WEEK)
    case "month": {
      const date = new Date(time)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
    }
  }
}

/** When the next one begins; Infinity is never. */
export function windowEnd(window: Window, time: number): number {
  const begin = windowBegin(window, time)
  switch (window) {
    case undefined:
      return Number.POSITIVE_INFINITY
    case "hour":
      return begin + HOUR
    case "day":
      return begin + DAY
    case "week":
      return begin + WEEK
    case "month": {
      const date = new Date(begin)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
    }
  }
}

/** What is known to be spent since a moment, by provider, in nano-USD. */
export type SpentSince = (since: number) => ReadonlyMap<string, number>

/** What of a provider its budget is kept by. */
export type Budgeted = Pick<ProviderSettings, "name" | "budget">

/** What is known of one budget, as plain data. */
export interface SavedBudget {
  key: string
  window: Window
  end: number
  spent: number
  held: number
}

/** The budgets of providers. Lives as long as the process: what was spent survives reloads. */
export interface ProviderBudgets extends Spending {
  usedUpUntil(provider: Budgeted, cost: number | null, now: number): number | undefined
  hold(provider: Budgeted, cost: number | null): Hold
  /** Whether a provider has a budget whose past spending is not known yet. */
  isNew(provider: Budgeted): boolean
  /** Begins to count for those that are new. @param spentSince what the ledger knows, up to now */
  begin(providers: readonly Budgeted[], spentSince: SpentSince): void
  /** Told after a reload: forgets budgets that are gone. One that comes back asks the ledger what was spent meanwhile. */
  keep(providers: readonly Budgeted[]): void
  save(): SavedBudget[]
  /** Takes over all that was saved, also for holds that are there already. */
  load(saved: readonly SavedBudget[]): void
  /** The end of a hold that was counted elsewhere, and is among what was loaded. */
  resume(provider: Budgeted, cost: number | null): Hold
}

interface Account {
  readonly window: Window
  /** Milliseconds since 1970, when the counted window ends. */
  end: number
  /** Whole nano-USD: spent in the window, and kept aside for exchanges under way. */
  spent: number
  held: number
}

const NOTHING: Hold = { settle() {} }

/** Counts what each provider with a budget spends. All in whole numbers, so nothing is lost in sums. */
export function createProviderBudgets(clock: Clock): ProviderBudgets {
  /** By name and window: a budget of another window counts other days. */
  const accounts = new Map<string, Account>()

  function accountOf({ name, budget }: Budgeted): Account | undefined {
    return budget && accounts.get(keyOf(name, budget.window))
  }

  function startAnew(account: Account): void {
    const time = clock.wall()
    if (time < account.end) return
    account.end = windowEnd(account.window, time)
    account.spent = 0
  }

  function holdOf(account: Account, cost: number | null): Hold {
    let settled = false
    return {
      settle(spent) {
        if (settled) return
        settled = true
        account.held -= toHold(cost)
        startAnew(account)
        account.spent += Math.round(spent ?? 0)
      },
    }
  }

  return {
    isNew: ({ name, budget }) => budget !== undefined && !accounts.has(keyOf(name, budget.window)),
    begin(providers, spentSince) {
      const time = clock.wall()
      const known = new Map<Window, ReadonlyMap<string, number>>()
      for (const { name, budget } of providers) {
        if (!budget) continue
        const { window } = budget
        const key = keyOf(name, window)
        if (accounts.has(key)) continue
        const sums = known.get(window) ?? spentSince(windowBegin(window, time))
        known.set(window, sums)
        const spent = sums.get(name) ?? 0
        accounts.set(key, { window, end: windowEnd(window, time), spent, held: 0 })
      }
    },
    keep(providers) {
      const named = new Set(
        providers.flatMap(({ name, budget }) => (budget ? [keyOf(name, budget.window)] : [])),
      )
      for (const key of accounts.keys()) if (!named.has(key)) accounts.delete(key)
    },
    usedUpUntil(provider, cost, now) {
      if (cost === null) return undefined
      const account = accountOf(provider)
      if (!account) return undefined
      // Whoever only asks changes nothing.
      const time = clock.wall()
      const over = time >= account.end
      const spent = over ? 0 : account.spent
      if (spent + account.held + Math.ceil(cost) <= provider.budget!.amount) return undefined
      return now + ((over ? windowEnd(account.window, time) : account.end) - time)
    },
    hold(provider, cost) {
      const account = accountOf(provider)
      if (!account) return NOTHING
      account.held += toHold(cost)
      return holdOf(account, cost)
    },
    save: () => [...accounts].map(([key, account]) => ({ key, ...account })),
    load(saved) {
      for (const { key, ...account } of saved) {
        const known = accounts.get(key)
        if (known) Object.assign(known, account)
        else accounts.set(key, account)
      }
    },
    resume(provider, cost) {
      const account = accountOf(provider)
      return account ? holdOf(account, cost) : NOTHING
    },
  }
}

/** Whole nano-USD to keep aside for what may cost so much. */
function toHold(cost: number | null): number {
  return Math.ceil(cost ?? 0)
}

function keyOf(name: string, window: Window): string {
  return `${window ?? "ever"} ${name}`
}
