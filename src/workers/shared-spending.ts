import type { Budget } from "../core/settings.ts"
import type { Hold } from "../core/spending.ts"
import {
  type Budgeted,
  type ProviderBudgets,
  type SavedBudget,
  type SpentSince,
  windowBegin,
} from "../governance/provider-budget.ts"
import type { Commons } from "./commons.ts"
import { EVENT } from "./event.ts"
import type { RecordView } from "./log.ts"

const WINDOWS: readonly Budget["window"][] = [undefined, "hour", "day", "week", "month"]

/** Money kept aside by some worker. */
interface Held {
  readonly owner: number
  readonly provider: Budgeted
  readonly cost: number | null
  readonly hold: Hold
}

/**
 * This worker's copy of what all spend together.
 *
 * @param budgets this worker's own, by the commons' clock
 * @param held told when money was kept aside: a decision counts
 */
export function shareSpending(
  budgets: ProviderBudgets,
  commons: Commons,
  held: () => void,
): ProviderBudgets {
  const { owner, clock } = commons
  /** By their number, which is the same in all workers: how many there were before. */
  const holds = new Map<number, Held>()
  let count = 0

  function keep(who: number, provider: Budgeted, cost: number | null): number {
    const number = (count + 1) | 0
    count = number
    holds.set(number, { owner: who, provider, cost, hold: budgets.hold(provider, cost) })
    return number
  }

  function settle(number: number, spent: number | null): void {
    holds.get(number)?.hold.settle(spent)
    holds.delete(number)
  }

  /** @param name number of the provider's name */
  function write(kind: number, name: number, { budget }: Budgeted): RecordView {
    const record = commons.write(kind)
    record.setInt(1, owner)
    record.setInt(2, name)
    record.setInt(3, WINDOWS.indexOf(budget?.window))
    return timed(record)
  }

  function timed(record: RecordView): RecordView {
    record.setNumber(0, clock.now())
    record.setNumber(1, clock.wall())
    return record
  }

  function providerOf(record: RecordView): Budgeted {
    const window = WINDOWS[record.int(3)]
    return { name: commons.names.text(record.int(2)), budget: { amount: 0, window } }
  }

  function open(provider: Budgeted, sums: ReadonlyMap<string, number>): void {
    commons.enter()
    try {
      if (!budgets.isNew(provider)) return
      const name = commons.nameOf(provider.name)
      budgets.begin([provider], () => sums)
      write(EVENT.account, name, provider).setNumber(2, sums.get(provider.name) ?? 0)
      commons.commit()
    } finally {
      commons.leave()
    }
  }

  commons.on(EVENT.account, (record) => {
    const provider = providerOf(record)
    budgets.begin([provider], () => new Map([[provider.name, record.number(2)]]))
  })
  commons.on(EVENT.hold, (record) => {
    keep(record.int(1), providerOf(record), costOf(record.number(2)))
  })
  commons.on(EVENT.settle, (record) => settle(record.int(1), costOf(record.number(2))))
  commons.on(EVENT.gone, (record) => {
    const gone = record.int(1)
    for (const [number, hold] of holds) if (hold.owner === gone) settle(number, null)
  })
  commons.part("spending", {
    save: () => ({
      budgets: budgets.save(),
      count,
      holds: [...holds].map(([number, { hold: _, ...rest }]) => ({ number, ...rest })),
    }),
    load(saved) {
      const known = saved as {
        budgets: SavedBudget[]
        count: number
        holds: (Omit<Held, "hold"> & { number: number })[]
      }
      budgets.load(known.budgets)
      count = known.count
      const before = new Map(holds)
      holds.clear()
      for (const { number, ...rest } of known.holds) {
        const hold = before.get(number)?.hold ?? budgets.resume(rest.provider, rest.cost)
        holds.set(number, { ...rest, hold })
      }
    },
  })

  return {
    ...budgets,
    begin(providers, spentSince: SpentSince) {
      const time = clock.wall()
      const known = new Map<number, ReadonlyMap<string, number>>()
      for (const provider of providers) {
        if (!provider.budget || !budgets.isNew(provider)) continue
        const since = windowBegin(provider.budget.window, time)
        const sums = known.get(since) ?? spentSince(since)
        known.set(since, sums)
        open(provider, sums)
      }
    },
    hold(provider, cost) {
      if (!provider.budget) return budgets.hold(provider, cost)
      let number: number
      commons.enter()
      try {
        const name = commons.nameOf(provider.name)
        number = keep(owner, provider, cost)
        write(EVENT.hold, name, provider).setNumber(2, cost ?? Number.NaN)
        commons.commit()
      } finally {
        commons.leave()
        held()
      }
      return {
        settle(spent) {
          if (!holds.has(number)) return
          commons.enter()
          try {
            settle(number, spent)
            const record = timed(commons.write(EVENT.settle))
            record.setInt(1, number)
            record.setNumber(2, spent ?? Number.NaN)
            commons.commit()
          } finally {
            commons.leave()
          }
        },
      }
    },
  }
}

function costOf(number: number): number | null {
  return Number.isNaN(number) ? null : number
}
