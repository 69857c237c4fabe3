import type { UsageRow } from "../../core/ledger.ts"
import { NO_USAGE, type Usage } from "../../core/usage.ts"
import type { Events } from "../attempt.ts"
import { tokensOf } from "./part.ts"

/** What one upstream of several has used for an answer. */
export interface Share {
  usage: Usage
  /** Whether some of it is the router's guess. */
  estimated: boolean
  /** Nano-USD; null is unpriced. */
  cost: number | null
}

/** How much more than it reported an upstream must have said for its report to count as unfinished. */
const UNFINISHED = 2

/**
 * What an upstream has used whose stream broke off. Most report at the end, some a first guess at the
 * beginning: then what was said is counted.
 *
 * @param inputTokens of the request, guessed
 */
export function shareOf({ relay, call, trial }: Events, inputTokens: number): Share {
  const { part } = call
  const { usage: reported } = relay
  const said = tokensOf((part?.voice?.bytes ?? 0) - (part?.before ?? 0))
  const estimated = !reported || said > reported.output * UNFINISHED
  const usage = estimated
    ? { ...(reported ?? { ...NO_USAGE, input: inputTokens }), output: said }
    : reported
  return { usage, estimated, cost: trial.channel.deployment.cost(usage) }
}

export function sumOf(usages: readonly Usage[]): Usage {
  const sum = { ...NO_USAGE }
  for (const usage of usages) {
    sum.input += usage.input
    sum.output += usage.output
    sum.cacheRead += usage.cacheRead
    sum.cacheWrite += usage.cacheWrite
    sum.reasoning += usage.reasoning
  }
  return sum
}

/**
 * What all upstreams of one answer have used.
 *
 * @param earlier those that broke off and were gone on with
 * @param usage of the last one, where it reported any, and what that cost
 */
export function totalOf(
  earlier: readonly Share[],
  usage: Usage | undefined,
  cost: number | null,
): Usage & Pick<UsageRow, "usage" | "cost"> {
  if (earlier.length === 0) {
    return { ...(usage ?? NO_USAGE), usage: usage ? "reported" : "missing", cost }
  }
  const costs = [...earlier.map((share) => share.cost), ...(usage ? [cost] : [])]
  return {
    ...sumOf([...earlier.map((share) => share.usage), ...(usage ? [usage] : [])]),
    usage: usage && earlier.every(({ estimated }) => !estimated) ? "reported" : "estimated",
    cost: costs.includes(null) ? null : costs.reduce<number>((sum, each) => sum + each!, 0),
  }
}
