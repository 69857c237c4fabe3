import type { Filter } from "../routing/filters/filter.ts"
import type { Lock } from "./lock.ts"

/**
 * Decisions about what must never be exceeded: from the first look at a limit until the attempt has begun no other
 * worker decides, so two never take the last place.
 */
export interface Decisions {
  /** A limit is looked at. */
  begin(): void
  /** What was decided counts. Without this the decision is over when the running code is. */
  end(): void
}

/** @param catchUp reads what others have done */
export function createDecisions(lock: Lock, catchUp: () => void): Decisions {
  let deciding = false
  let latest = 0

  function end(): void {
    if (!deciding) return
    deciding = false
    lock.give()
  }

  return {
    begin() {
      if (deciding) return
      deciding = true
      const own = ++latest
      lock.take()
      queueMicrotask(() => {
        if (own === latest) end()
      })
      catchUp()
    },
    end,
  }
}

/** Filters that rest on what all workers do together. */
const SHARED: ReadonlySet<string> = new Set(["limits", "budget"])

/** The same filters, of which those that count something are asked by one worker at a time. */
export function shareFilters(filters: readonly Filter[], decisions: Decisions): readonly Filter[] {
  return filters.map((filter) => {
    if (!SHARED.has(filter.name)) return filter
    return {
      ...filter,
      checker(request, group, now) {
        const against = filter.checker(request, group, now)
        return (
          against &&
          ((channel) => {
            if (filter.concerns?.(channel.deployment) ?? true) decisions.begin()
            return against(channel)
          })
        )
      },
    }
  })
}
