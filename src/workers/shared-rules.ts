import type { HealthRules } from "../routing/health.ts"
import type { Commons } from "./commons.ts"
import { EVENT } from "./event.ts"
import { WRAPPED } from "./memory.ts"

/** The rules that all workers judge by: they change for all between the same two events. */
export interface SharedRules {
  readonly current: HealthRules
  /** They will be taken by all, or by none. @param version by which all know them */
  prepare(version: string, rules: HealthRules): void
  /** All have prepared them. The first worker that takes them does it for all. */
  take(version: string): void
}

/** @param first those to begin with, by their version */
export function createSharedRules(
  commons: Commons,
  first: { version: string; rules: HealthRules },
): SharedRules {
  let now = first
  let next = first

  commons.on(EVENT.rules, (record) => {
    if (commons.names.text(record.int(2)) === next.version) now = next
  })
  return {
    get current() {
      return now.rules
    },
    prepare(version, rules) {
      next = { version, rules }
    },
    take(version) {
      commons.enter()
      try {
        if (now.version === version || next.version !== version) return
        now = next
        // What came before was judged by others: nobody can begin with it any more.
        commons.memory.words[WRAPPED] = 1
        const name = commons.nameOf(version)
        commons.write(EVENT.rules).setInt(2, name)
        commons.commit()
      } finally {
        commons.leave()
      }
    },
  }
}
