import type { Allocations, Counters, Work } from "./allocations.ts"

/**
 * How far from what is recorded a value may be. Bytes of the same code come within 2 %, on one core and on
 * two, idle and busy; into how many blocks a stream is cut, and what is done meanwhile by the clock, and so
 * what is allocated for them, varies more on a busy machine.
 */
export const TOLERANCE: Readonly<Record<keyof Counters, number>> = {
  heapBytes: 0.05,
  nativeCount: 0.1,
}

/** How far it may be in any case: a few requests share what threads allocate now and then. */
const SLACK: Readonly<Record<keyof Counters, number>> = { heapBytes: 0, nativeCount: 2 }

const NAMES: Readonly<Record<keyof Counters, string>> = {
  heapBytes: "bytes of JavaScript values",
  nativeCount: "native allocations",
}

/** What is further from what is recorded than it may be, a sentence each. */
export function compare(recorded: Partial<Allocations>, measured: Partial<Allocations>): string[] {
  const complaints: string[] = []
  for (const [work, counters] of Object.entries(measured) as [Work, Counters][]) {
    for (const name of Object.keys(NAMES) as (keyof Counters)[]) {
      const value = counters[name]
      const before = recorded[work]?.[name]
      if (before === undefined) {
        complaints.push(`${work}: ${NAMES[name]} of a request are not recorded`)
        continue
      }
      if (Math.abs(value - before) <= Math.max(before * TOLERANCE[name], SLACK[name])) continue
      const change = value / before - 1
      const percent = `${change > 0 ? "+" : ""}${(change * 100).toFixed(0)} %`
      complaints.push(
        `${work}: ${value} ${NAMES[name]} a request, recorded are ${before} (${percent})`,
      )
    }
  }
  return complaints
}

/** What to do about complaints. */
export const ADVICE =
  "More than before: find out what allocates (docs/performance.md), or record it with a reason in the commit. " +
  "Less: well done. Either way `bun run bench:guard --record` writes the new values."
